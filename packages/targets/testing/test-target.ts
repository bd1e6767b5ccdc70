/**
 * The facts that hold for every target, shown on a real system (the numbers are those of the design's list).
 *
 * Owns what a target promises the engine. The system is handed in as a bench: how to look at it, use an account and get in
 * the way.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe as group, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import {
  type Account,
  type AnyTarget,
  describe,
  type Entity,
  type Issued,
  NameTaken,
  type Net,
  secretFields,
} from "../index.ts";

/** A real system with one config of the target under test. */
export interface Bench {
  /** A config that works. */
  inputs: Record<string, unknown>;
  net(signal?: AbortSignal): Net;
  /** Does with an account what it is for. */
  allowed(data: Issued["data"]): Promise<void>;
  /** Tries what it must not do; resolves to whether it was refused. */
  refused(data: Issued["data"]): Promise<boolean>;
  /** Opens a session, which is `over` once the system ended it. */
  hold(data: Issued["data"]): Promise<{ over(): boolean; close(): Promise<void> }>;
  /** Makes the account own something. */
  own(data: Issued["data"]): Promise<void>;
  /** When the system itself will end the account. */
  nativeEnd?(entityId: string): Promise<Date | null>;
  /** Everything of the system that a lease must leave as it was, a line each. */
  snapshot(): Promise<string[]>;
  /** Puts a stranger's account of that name there; gives how to tell that it is untouched, and removes it. */
  stranger(username: string): Promise<{ state(): Promise<string>; remove(): Promise<void> }>;
  /** Keeps creations waiting until it is called. */
  block(): Promise<() => Promise<void>>;
  /** Logs in by a format's text. */
  connectBy(format: string, text: string): Promise<void>;
  /** Configs whose creation fails on the way. */
  failing: Record<string, Record<string, unknown>>;
  wrongPassword: Record<string, unknown>;
  unreachable: Record<string, unknown>;
  unknownVariable: Record<string, unknown>;
  stop(): Promise<void>;
}

/** Registers the facts for one target on one bench. */
export function testTarget(target: AnyTarget, title: string, start: () => Promise<Bench>): void {
  group(`${target.type}, ${title}`, () => {
    let bench: Bench;
    let clean: string[];
    // biome-ignore lint/suspicious/noExplicitAny: the config and client are the target's own
    let config: any;
    // biome-ignore lint/suspicious/noExplicitAny: the config and client are the target's own
    let client: any;

    before(async () => {
      bench = await start();
      clean = await bench.snapshot();
      config = target.config.parse(bench.inputs);
      client = await target.connect(config, bench.net());
    });
    after(async () => {
      if (client) await target.close(client);
      await bench?.stop();
    });

    const account = async (seconds = 3600): Promise<Account> => {
      const now = target.clock ? await target.clock(client) : new Date();
      return {
        username: `Lease-${randomBytes(8).toString("hex")}`,
        password: `Pw1${randomBytes(22).toString("hex")}`,
        expiresAt: new Date(now.getTime() + seconds * 1000),
        deadline: new Date(now.getTime() + 8000),
        mark: "dayfly test",
      };
    };
    const issue = async (seconds?: number) => target.create(client, config, await account(seconds));
    const end = async (entity: Entity) => {
      await target.fence?.(client, config, entity);
      if (target.killSessions) await until(async () => (await target.killSessions!(client, config, entity)) === 0);
      const stated = await target.revoke?.(client, config, entity).catch(() => undefined);
      if (stated === "absent") assert.equal(await target.exists(client, config, entity), false);
      assert.notEqual(await target.drop(client, config, entity), "there");
      assert.equal(await target.exists(client, config, entity), false);
    };
    const login = (data: Issued["data"]) => target.login(config, data, bench.net());

    test("1: a created credential logs in, may do what it is for, and not more", async () => {
      const issued = await issue();
      assert.equal(await login(issued.data), "accepted");
      await bench.allowed(issued.data);
      assert.equal(await bench.refused(issued.data), true);
      await end(issued);
    });

    test("2: ending it turns exists from true to false, and a login is refused", async () => {
      const issued = await issue();
      assert.equal(await target.exists(client, config, issued), true);
      await end(issued);
      assert.equal(await login(issued.data), "refused");
    });

    test("3: ending twice succeeds, so does ending what never was, and ending without keep", async () => {
      const { entityId } = await issue();
      await end({ entityId });
      await end({ entityId });
      await end({ entityId: "Lease-that-never-was" });
    });

    test("4: an account that owns, holds and is logged in can be ended", async () => {
      const issued = await issue();
      await bench.own(issued.data);
      const session = await bench.hold(issued.data);
      await end(issued);
      await until(async () => session.over());
      assert.equal(await login(issued.data), "refused");
    });

    test("5: a create that fails at any step leaves nothing", async () => {
      const untouched = await bench.snapshot();
      for (const [step, inputs] of Object.entries(bench.failing)) {
        const wanted = await account();
        const failing = target.config.parse(inputs);
        await assert.rejects(target.create(client, failing, wanted), step);
        await end({ entityId: wanted.username });
        assertSame(await bench.snapshot(), untouched);
      }
      const late = { ...(await account()), deadline: new Date(0) };
      await assert.rejects(target.create(client, config, late), "past the deadline");
      assertSame(await bench.snapshot(), untouched);
    });

    test("6: fence refuses logins while the account stands, and creates nothing", async () => {
      const issued = await issue();
      if (target.fence) assert.equal((await target.fence(client, config, issued)).there, true);
      assert.equal(await login(issued.data), "refused");
      assert.equal(await target.exists(client, config, issued), true);
      await end(issued);
      const never = { entityId: "Lease-that-never-was" };
      if (target.fence) assert.equal((await target.fence(client, config, never)).there, false);
      assert.equal(await target.exists(client, config, never), false);
    });

    test("7: killSessions cuts open sessions within two seconds and says how many", async () => {
      const issued = await issue();
      const sessions = await Promise.all([bench.hold(issued.data), bench.hold(issued.data)]);
      const { sessions: open = 2 } = (await target.fence?.(client, config, issued)) ?? {};
      assert.equal(open, 2);
      const from = performance.now();
      assert.equal(await target.killSessions?.(client, config, issued), 2);
      await until(async () => sessions.every((session) => session.over()));
      assert.ok(performance.now() - from < 2000);
      await until(async () => (await target.killSessions?.(client, config, issued)) === 0);
      await end(issued);
    });

    test("8: renew moves the native end; unrenewed, the credential dies on time by itself", async () => {
      if (!target.capabilities(config).nativeExpiry) return;
      const wanted = await account(600);
      const issued = await target.create(client, config, wanted);
      assert.deepEqual(await bench.nativeEnd?.(issued.entityId), wanted.expiresAt);
      const later = new Date(wanted.expiresAt.getTime() + 1234);
      await target.renew?.(client, config, issued, later);
      assert.deepEqual(await bench.nativeEnd?.(issued.entityId), later);
      await end(issued);
      const short = await issue(2);
      assert.equal(await login(short.data), "accepted");
      await until(async () => (await login(short.data)) === "refused", 4000);
      await end(short);
    });

    test("9: capabilities and verbs agree", () => {
      const can = target.capabilities(config);
      if (can.renewable && can.nativeExpiry) assert.ok(target.renew);
      if (!can.revocable) assert.ok(can.nativeExpiry && can.maxTtl !== null);
      assert.ok(can.minTtl >= 1 && (can.maxTtl === null || can.maxTtl >= can.minTtl));
      for (const what of ["renewable", "revocable", "nativeExpiry"] as const) {
        assert.ok(target.can[what] || !can[what], `the catalogue says that it is never ${what}`);
      }
    });

    test("10: ten at once are ten accounts", async () => {
      const clients = await Promise.all(Array.from({ length: 10 }, () => target.connect(config, bench.net())));
      const wanted: Account[] = [];
      for (const _ of clients) wanted.push(await account());
      const issued = await Promise.all(clients.map((each, i) => target.create(each, config, wanted[i]!)));
      assert.equal(new Set(issued.map(({ entityId }) => entityId)).size, 10);
      for (const { data } of issued) assert.equal(await login(data), "accepted");
      await Promise.all(clients.map((each, i) => target.drop(each, config, issued[i]!)));
      await Promise.all(clients.map((each) => target.close(each)));
    });

    test("11: a name that is taken throws NameTaken, and its holder is untouched", async () => {
      const wanted = await account();
      const stranger = await bench.stranger(wanted.username);
      const state = await stranger.state();
      await assert.rejects(target.create(client, config, wanted), NameTaken);
      assert.equal(await stranger.state(), state);
      await stranger.remove();
    });

    test("13: verify passes and changes nothing", async () => {
      const untouched = await bench.snapshot();
      const failed = [];
      for await (const step of target.verify(client, config)) if (step.outcome === "failed") failed.push(step);
      assert.deepEqual(failed, []);
      assertSame(await bench.snapshot(), untouched);
    });

    test("14: every format logs in", async () => {
      const issued = await issue();
      for (const [name, format] of Object.entries(target.formats ?? {})) {
        await bench.connectBy(name, format(config, issued.data));
      }
      await end(issued);
    });

    test("15: a wrong admin password is a config error, and no secret is in any error", async () => {
      const wrong = target.config.parse(bench.wrongPassword);
      const refusal = await thrown(target.connect(wrong, bench.net()));
      assert.equal(target.classify(refusal), "auth");
      const errors = [refusal];
      const secrets = secretFields(target).flatMap((name) => [bench.inputs[name], bench.wrongPassword[name]]);
      for (const inputs of Object.values(bench.failing)) {
        const wanted = await account();
        secrets.push(wanted.password);
        errors.push(await thrown(target.create(client, target.config.parse(inputs), wanted)));
      }
      for (const error of errors) {
        const shown = inspect(error, { depth: 20, showHidden: true }) + target.explain(error);
        for (const secret of secrets) assert.ok(!shown.includes(String(secret)), "an error holds a secret");
      }
    });

    test("16: an unknown template variable is refused before any I/O", () => {
      const parsed = target.config.safeParse(bench.unknownVariable);
      assert.equal(parsed.success, false);
      assert.deepEqual((parsed.error!.issues[0] as { params?: unknown }).params, { fault: "statement" });
    });

    test("17: abort stops a running call; an unreachable server is an error, not an answer", async () => {
      const stop = new AbortController();
      const other = await target.connect(config, bench.net(stop.signal));
      const wanted = await account();
      const release = await bench.block();
      const running = thrown(target.create(other, config, wanted));
      stop.abort();
      assert.equal(target.classify(await running), "unreachable");
      await release();
      await until(async () => !(await target.exists(client, config, { entityId: wanted.username })));
      await assert.rejects(target.exists(other, config, { entityId: wanted.username }));
      const away = target.config.parse(bench.unreachable);
      assert.equal(target.classify(await thrown(target.connect(away, bench.net()))), "unreachable");
      assert.equal(target.classify(await thrown(target.login(away, {}, bench.net()))), "unreachable");
    });

    test("18: the description draws: every field has a title and its place, every secret its mark", () => {
      const { fields } = describe(target);
      for (const { name, title, order } of fields) {
        assert.notEqual(title, name, name);
        assert.ok(order < 100, name);
      }
      assert.deepEqual(
        fields.filter(({ secret }) => secret).map(({ name }) => name),
        secretFields(target),
      );
      assert.ok(secretFields(target).length > 0);
    });

    test("19: nothing is left behind", async () => {
      assertSame(await bench.snapshot(), clean);
    });
  });
}

/** Compares two snapshots and shows only what differs. */
export function assertSame(now: string[], before: string[]): void {
  const added = now.filter((line) => !before.includes(line));
  const gone = before.filter((line) => !now.includes(line));
  assert.deepEqual({ added, gone }, { added: [], gone: [] });
}

/** What a promise is rejected with. */
export async function thrown(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("it should have failed");
}

/** Asks until the answer is yes, for a limited time. */
export async function until(yes: () => Promise<boolean>, limit = 2000): Promise<void> {
  const from = performance.now();
  while (!(await yes())) {
    assert.ok(performance.now() - from < limit, `not within ${limit} ms`);
    await pause(20);
  }
}
