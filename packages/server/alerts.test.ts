/** Alerts on their way: from a real server to a receiver on loopback. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { alerts, openStore, type Store } from "@dayfly/store";
import { pino } from "pino";
import { type PostgresServer, postgres18 } from "../../scripts/servers/postgres.ts";
import { describeError } from "./log.ts";
import { readRootKey } from "./root-key.ts";
import { providerOf, type Scene, scene } from "./testing/callers.ts";
import { until } from "./testing/moments.ts";
import { type Received, type Receiver, receiver } from "./testing/receiver.ts";

const SECRET = randomBytes(24).toString("hex");

let hook: Receiver;
before(async () => {
  hook = await receiver();
});
beforeEach(() => {
  hook.received.length = 0;
  hook.answer = (response) => response.writeHead(204).end();
});
after(() => hook?.stop());

const down: alerts.Alert = { kind: "target.down", target: { address: "db.example:5432" }, errorClass: "unreachable" };
const raise = (store: Store, alert = down) => store.transaction((tx) => alerts.raise(tx, alert));
const heard = (count: number) => until(async () => hook.received.length >= count);

describe("alerts of a running server", () => {
  let at: Scene;
  let lines = "";
  before(async () => {
    const write = (line: string) => {
      lines += line;
    };
    const log = pino({ serializers: { err: describeError } }, { write });
    at = await scene({ ALERT_WEBHOOK_URL: hook.url, ALERT_WEBHOOK_SECRET: SECRET }, { log });
  });
  beforeEach(() => {
    lines = "";
  });
  after(() => at?.stop());
  const store = () => at.server.running.store;
  const emptied = () => until(async () => (await alerts.waiting(store())) === 0);

  test("arrive once, signed over their time and their body", async () => {
    await raise(store());
    await heard(1);
    await emptied();
    assert.equal(hook.received.length, 1);
    const { headers, text, body } = hook.received[0]!;
    const { at: raisedAt, ...rest } = body;
    assert.deepEqual(rest, {
      id: headers["dayfly-alert-id"],
      kind: "target.down",
      instanceId: store().keys.instanceId,
      target: { address: "db.example:5432" },
      errorClass: "unreachable",
    });
    assert.ok(Math.abs(Date.parse(raisedAt) - Date.now()) < 60_000);
    assert.ok(Math.abs(Number(headers["dayfly-timestamp"]) - Date.now() / 1000) < 60);
    const signature = createHmac("sha256", SECRET).update(`${headers["dayfly-timestamp"]}.${text}`).digest("hex");
    assert.equal(headers["dayfly-signature"], `v1=${signature}`);
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["accept-encoding"], undefined, "no encoding is offered (S17)");
  });

  for (const { title, answer } of [
    { title: "500", answer: (response) => response.writeHead(500).end() },
    {
      title: "a redirect, which is not followed",
      answer: (response) => response.writeHead(307, { location: hook.url }).end(),
    },
    { title: "nothing, and hangs up", answer: (response) => response.socket!.destroy() },
  ] satisfies { title: string; answer: Receiver["answer"] }[]) {
    test(`are sent again, under the same id, to a receiver that answers ${title}`, async () => {
      hook.answer = answer;
      await raise(store());
      await heard(1);
      await until(async () => lines.includes("an alert was not taken"));
      assert.equal(await alerts.waiting(store()), 1);
      const { host } = new URL(hook.url);
      assert.ok(lines.includes(host) && !lines.includes("canary") && !lines.includes(SECRET), lines);
      assert.equal(hook.received.length, 1);
      hook.answer = (response) => response.writeHead(200).end("thanks");
      await store().pool.query("update alerts set due_at = lease_now()");
      await heard(2);
      await emptied();
      const [first, second] = hook.received;
      assert.deepEqual(second!.body, first!.body);
    });
  }

  test("tell of a revocation that does not end, without any secret", async () => {
    const { server, loc } = at;
    const token = at.tokens.admin;
    const other = await postgres18();
    const { host, port, database, user: username, password } = other;
    const made = {
      ...loc,
      name: "lost",
      provider: providerOf({ host, port, database, username, password }),
      defaultTTL: "1h",
    };
    assert.equal((await server.call("POST", "/api/v1/dynamic-secrets", { token, body: made })).status, 200);
    const body = { ...loc, dynamicSecretName: "lost" };
    const issued = await server.call("POST", "/api/v1/dynamic-secrets/leases", { token, body });
    const { lease, data } = issued.body;
    await other.stop();
    const revoked = await server.call("DELETE", `/api/v1/dynamic-secrets/leases/${lease.id}`, { token, body: loc });
    assert.equal(revoked.status, 503);
    await store().pool.query("update leases set revoking_at = revoking_at - interval '301 seconds' where id = $1", [
      lease.id,
    ]);
    const attention = (): Received | undefined => hook.received.find(({ body }) => body.kind === "lease.attention");
    await until(async () => attention() !== undefined);
    const { text, body: alert } = attention()!;
    assert.equal(alert.lease.id, lease.id);
    assert.equal(alert.lease.account, data.DB_USERNAME);
    assert.equal(alert.target.address, `${host}:${port}`);
    assert.equal(alert.errorClass, "unreachable");
    assert.ok(alert.reason.length > 0);
    const secrets = [data.DB_PASSWORD, password, token, SECRET, server.running.bootstrap!.identity.clientSecret];
    for (const secret of secrets) assert.ok(!text.includes(secret) && !lines.includes(secret));
  });
});

describe("an alert whose server is killed", () => {
  let postgres: PostgresServer;
  let store: Store;
  const folder = mkdtempSync(join(tmpdir(), "dayfly-test-alerts-"));
  const rootKey = randomBytes(32).toString("base64");
  const children: ChildProcess[] = [];
  before(async () => {
    postgres = await postgres18();
    const { stop: _, ...connection } = postgres;
    store = await openStore({ connection, rootKey: readRootKey(rootKey) });
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await store?.close();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): { child: ChildProcess; ready: Promise<void> } {
    const { password, port, database } = postgres;
    const child = spawn(process.execPath, [fileURLToPath(new URL("./serve.mjs", import.meta.url))], {
      env: {
        PATH: process.env.PATH,
        PORT: "0",
        DB_CONNECTION_URI: `postgres://postgres:${password}@127.0.0.1:${port}/${database}`,
        DAYFLY_DATA_DIR: folder,
        ENCRYPTION_KEY: rootKey,
        ALERT_WEBHOOK_URL: hook.url,
        ALERT_WEBHOOK_SECRET: SECRET,
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
    children.push(child);
    let output = "";
    child.stdout!.on("data", (chunk) => {
      output += chunk;
    });
    // Only then does a signal stop it in order.
    const ready = until(async () => output.includes('"msg":"ready"'));
    return { child, ready };
  }

  test("after it was delivered and before that was recorded is delivered again, under the same id", async () => {
    const { child: first, ready } = start();
    const exit = once(first, "exit");
    await ready;
    hook.answer = () => first.kill("SIGKILL");
    await raise(store);
    await heard(1);
    assert.deepEqual(await exit, [null, "SIGKILL"]);
    assert.equal(await alerts.waiting(store), 1);
    // Its claim lapses by itself half a minute later.
    await store.pool.query("update alerts set due_at = due_at - interval '30 seconds'");
    hook.answer = (response) => response.writeHead(200).end();
    const second = start();
    await heard(2);
    await until(async () => (await alerts.waiting(store)) === 0);
    assert.equal(hook.received[1]!.body.id, hook.received[0]!.body.id);
    await second.ready;
    second.child.kill("SIGTERM");
    assert.deepEqual(await once(second.child, "exit"), [0, null]);
  });

  test("or stopped, while it is being delivered, is in nobody's hands and not lost", async () => {
    const { child, ready } = start();
    await ready;
    let release = () => {};
    hook.answer = (response) => {
      release = () => response.writeHead(500).end();
    };
    await raise(store);
    await heard(1);
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    release();
    assert.deepEqual(await exit, [0, null]);
    assert.equal(await alerts.waiting(store), 1);
  });
});
