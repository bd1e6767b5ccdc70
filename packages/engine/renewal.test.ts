/** A renewal that does not go straight through: refused, cut off, overtaken, revoked, or left by a node that died. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { idempotencyKeys, type leases, wakeups } from "@dayfly/store";
import { type AnyTarget, TargetError, targets } from "@dayfly/targets";
import type { Engine, IssuedLease, StepPoint } from "./api.ts";
import { RenewConflict, RuleBroken, TargetRefused, TargetTimeout } from "./errors.ts";
import { plainly, type Rig, rig, SEED, until } from "./testing/engine.ts";
import { openRelay } from "./testing/relay.ts";

let all: Rig;
let engine: Engine;
let name: string;
before(async () => {
  all = await rig();
  engine = all.engine();
  name = await make();
});
after(() => all.stop());

async function make(inputs: Record<string, unknown> = {}): Promise<string> {
  return (await engine.create(all.caller(), all.place, all.draft({}, inputs), plainly)).name;
}

function issue(secret = name): Promise<IssuedLease> {
  return engine.issue(all.caller(), all.place, secret, {
    ttlSeconds: 600,
    config: {},
    arrivedAt: performance.now(),
  });
}

const caller = () => ({ ...all.caller(), requestId: "same" });
const renew = (by: Engine, { lease }: IssuedLease, key?: string) => by.renew(caller(), all.place, lease.id, 60, key);

async function row({ lease }: IssuedLease): Promise<leases.Lease> {
  return (await all.store.pool.query("select * from leases where id = $1", [lease.id])).rows[0];
}

/** The end that the target keeps itself. */
async function nativeEnd({ lease }: IssuedLease): Promise<Date> {
  const role = [lease.externalEntityId];
  return (await all.witness.query("select rolvaliduntil from pg_roles where rolname = $1", role)).rows[0].rolvaliduntil;
}

/** Whoever has a turn is over its time, and every node hears of it. */
async function turnPasses(): Promise<void> {
  await all.store.pool.query("update leases set due_at = least(due_at, lease_now()) where renew_from is not null");
  await all.store.transaction((tx) => wakeups.wakeAll(tx));
}

const isSettled = async (issued: IssuedLease) => (await row(issued)).renew_from === null;

/** An engine whose target does this instead of moving its end. */
function engineWhere(instead: (move: () => Promise<void>) => Promise<void>): Engine {
  const real = targets["sql-database"]!;
  const changed: AnyTarget = {
    ...real,
    renew: (...asked: Parameters<NonNullable<AnyTarget["renew"]>>) => instead(() => real.renew!(...asked)),
  };
  return all.engine({ targets: { "sql-database": changed } });
}

const refusing = () => engineWhere(() => Promise.reject(new TargetError("refused", "no")));

test("a refused renewal leaves the end that was acknowledged last, and its key is free", async () => {
  const issued = await issue();
  const { expireAt } = await renew(engine, issued);
  const native = await nativeEnd(issued);
  await assert.rejects(renew(refusing(), issued, "refused"), TargetRefused);
  const { expires_at, due_at, renew_from, renew_by } = await row(issued);
  assert.deepEqual([expires_at, due_at, renew_from, renew_by], [expireAt, expireAt, null, null]);
  assert.deepEqual(await nativeEnd(issued), native);
  assert.equal((await all.events(issued.lease.id)).filter((event) => event === "lease.renewed").length, 1);
  const again = await renew(engine, issued, "refused");
  assert.equal(again.expireAt.getTime(), expireAt.getTime() + 60_000);
  await engine.revoke(all.caller(), all.place, issued.lease.id);
});

test("a lease whose old end passes while its renewal is refused ends at once", async () => {
  const issued = await issue();
  const late = engineWhere(async () => {
    await all.store.pool.query("update leases set renew_from = lease_now() where id = $1", [issued.lease.id]);
    throw new TargetError("refused", "no");
  });
  late.start();
  await assert.rejects(renew(late, issued), TargetRefused);
  await until(async () => (await row(issued)).state === "gone", "it ends");
  assert.equal((await row(issued)).reason, "expired");
  await late.stop();
});

test("what cannot even be sent adds nothing", async () => {
  const relay = await openRelay({ host: all.host, port: all.port });
  const issued = await issue(await make({ port: relay.port }));
  relay.cut();
  await new Promise((settle) => setTimeout(settle, 300));
  await assert.rejects(renew(engine, issued), TargetRefused);
  const { expires_at, renew_from } = await row(issued);
  assert.deepEqual([expires_at, renew_from], [issued.lease.expireAt, null]);
  relay.mend();
  await engine.revoke(all.caller(), all.place, issued.lease.id);
  await relay.close();
});

for (const landed of [true, false]) {
  test(`a renewal whose answer was cut off is finished later, whether it ${landed ? "landed" : "was lost"}`, async () => {
    const issued = await issue();
    const cut = engineWhere(async (move) => {
      if (landed) await move();
      throw new TargetError("unreachable", "cut");
    });
    await assert.rejects(renew(cut, issued, `cut ${landed}`), TargetTimeout);
    assert.deepEqual((await row(issued)).renew_from, issued.lease.expireAt);
    await assert.rejects(renew(engine, issued), RenewConflict);
    const repeat = renew(engine, issued, `cut ${landed}`);
    await turnPasses();
    const next = all.engine();
    next.start();
    const { expireAt } = await repeat;
    assert.equal(expireAt.getTime(), issued.lease.expireAt.getTime() + 60_000, "its repeat hears of it");
    assert.ok((await nativeEnd(issued)) >= expireAt);
    const { rows } = await all.store.pool.query("select body from audit_events order by txid desc limit 1");
    const { event, actor, detail } = JSON.parse(rows[0].body);
    assert.deepEqual([event, actor.type, detail.leaseId], ["lease.renewed", "system", issued.lease.id]);
    assert.equal(detail.reason, "finished after an interruption");
    await next.revoke(all.caller(), all.place, issued.lease.id);
    await next.stop();
  });
}

test("an interrupted renewal waits for a target that is down, and its lease lives", async () => {
  const relay = await openRelay({ host: all.host, port: all.port });
  const secret = await make({ port: relay.port });
  const issued = await issue(secret);
  const { engine: node, there } = all.stopping("renew.intended");
  void renew(node, issued).catch(() => undefined);
  await there;
  relay.cut();
  const next = all.engine();
  next.start();
  const isHeld = async () => (await all.store.pool.query("select 1 from targets where opened_at is not null")).rowCount;
  const came = relay.came();
  await until(async () => {
    await turnPasses();
    return Boolean(await isHeld());
  }, "the breaker opens");
  assert.ok(relay.came() > came);
  await turnPasses();
  await new Promise((settle) => setTimeout(settle, 300));
  const { state, renew_from, revoking_at } = await row(issued);
  assert.deepEqual([state, revoking_at], ["active", null]);
  assert.ok(renew_from);
  relay.mend();
  await until(async () => {
    await all.store.pool.query("update targets set probe_at = lease_now() where opened_at is not null");
    await turnPasses();
    return isSettled(issued);
  }, "it is finished when the target is back");
  assert.ok((await nativeEnd(issued)) >= (await row(issued)).expires_at);
  await next.revoke(all.caller(), all.place, issued.lease.id);
  await next.stop();
  await relay.close();
});

for (const point of ["renew.intended", "renew.moved"] as const satisfies StepPoint[]) {
  test(`R16: a revocation that comes at ${point} beats the renewal`, async () => {
    const issued = await issue();
    const { engine: node, there, letGo } = all.stopping(point);
    const renewal = renew(node, issued, `beaten ${point}`);
    await there;
    assert.ok((await engine.revoke(all.caller(), all.place, issued.lease.id)).provenGoneAt);
    letGo();
    await assert.rejects(renewal, RuleBroken);
    assert.equal((await row(issued)).state, "gone");
    await assert.rejects(all.login(issued.data), { code: "28P01" });
    assert.ok(!(await all.events(issued.lease.id)).includes("lease.renewed"));
  });
}

test("who finds its turn taken over by another node is answered with what that one made of it", async () => {
  const issued = await issue();
  const { engine: slow, there, letGo } = all.stopping("renew.moved");
  const renewal = renew(slow, issued);
  await there;
  await turnPasses();
  const other = all.engine();
  other.start();
  await until(() => isSettled(issued), "the other node finishes it");
  letGo();
  assert.equal((await renewal).expireAt.getTime(), issued.lease.expireAt.getTime() + 60_000);
  assert.equal((await all.events(issued.lease.id)).filter((event) => event === "lease.renewed").length, 1);
  await assert.rejects(renew(other, issued), RenewConflict, "what the slow one sent may still land");
  await other.revoke(all.caller(), all.place, issued.lease.id);
  await other.stop();
});

test("who reads a lease waits for its renewal, so that it never says more than the target keeps", async () => {
  const issued = await issue();
  const { engine: node, there, letGo } = all.stopping("renew.intended");
  const renewal = renew(node, issued);
  await there;
  let told: Date | undefined;
  const read = engine.lease(all.place, issued.lease.id).then(({ lease }) => (told = lease.expireAt));
  await new Promise((settle) => setTimeout(settle, 200));
  assert.equal(told, undefined);
  letGo();
  assert.deepEqual(await read, (await renewal).expireAt);
  await engine.revoke(all.caller(), all.place, issued.lease.id);
});

test("where the target keeps no end, a renewal is one statement, recorded, under its key", async () => {
  const creationStatement = SEED.creationStatement.replace(" VALID UNTIL '{{expiration}}'", "");
  const issued = await issue(await make({ creationStatement }));
  const points: StepPoint[] = [];
  const node = all.engine({ step: (point) => void points.push(point) });
  const { expireAt } = await renew(node, issued, "no end there");
  assert.deepEqual(points, ["renew.committed"]);
  const { expires_at, due_at, renew_from } = await row(issued);
  assert.deepEqual([expires_at, due_at, renew_from], [expireAt, expireAt, null]);
  assert.ok((await all.events(issued.lease.id)).includes("lease.renewed"));
  assert.deepEqual((await renew(node, issued, "no end there")).expireAt, expireAt);
  await engine.revoke(all.caller(), all.place, issued.lease.id);
  await all.store.transaction((tx) => idempotencyKeys.forget(tx));
});
