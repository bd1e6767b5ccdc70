/** Requests that are sent again under their Idempotency-Key, over real HTTP. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { type Scene, scene } from "./testing/callers.ts";
import { stepGate, until } from "./testing/moments.ts";
import type { Heard } from "./testing/server.ts";

let at: Scene;
const gate = stepGate();
before(async () => {
  at = await scene({}, { step: gate.step });
});
after(() => at?.stop());

const path = "/api/v1/dynamic-secrets/leases";
const wanted = (more: object = {}) => ({ ...at.loc, dynamicSecretName: "postgres", ...more });
const ask = (method: string, to: string, body: unknown, key?: string): Promise<Heard> =>
  at.server.call(method, to, {
    token: at.tokens.admin,
    body,
    ...(key !== undefined && { headers: { "idempotency-key": key } }),
  });

async function live(): Promise<string[]> {
  const { pool } = at.server.running.store;
  const { rows } = await pool.query("select id from leases where state in ('intended', 'active')");
  return rows.map(({ id }) => id);
}

async function ended(id: string): Promise<string> {
  const { pool } = at.server.running.store;
  const find = () => pool.query("select state, reason from leases where id = $1", [id]);
  await until(async () => (await find()).rows[0].state === "gone");
  return (await find()).rows[0].reason;
}

/** Sends a create and keeps the connection in hand. */
function say(key: string, more: object = {}): Socket {
  const text = JSON.stringify(wanted(more));
  const socket = connect(Number(new URL(at.server.running.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${at.tokens.admin}\r\nIdempotency-Key: ${key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  return socket;
}

test("a create that is sent again is answered with a new lease, and the old one ends", async () => {
  const first = await ask("POST", path, wanted(), "again");
  const second = await ask("POST", path, wanted(), "again");
  assert.deepEqual([first.status, second.status], [200, 200]);
  assert.equal(await ended(first.body.lease.id), "replaced");
  assert.deepEqual(await live(), [second.body.lease.id]);
  const rows = await at.server.auditOf(second.requestId);
  assert.deepEqual(rows.map(({ event, detail }) => [event, detail.leaseId, detail.replaces ?? detail.reason]).sort(), [
    ["lease.issued", second.body.lease.id, first.body.lease.id],
    ["lease.requested", second.body.lease.id, first.body.lease.id],
    ["lease.revoke-requested", first.body.lease.id, "replaced"],
  ]);
  await ask("DELETE", `${path}/${second.body.lease.id}`, at.loc);
});

test("of two at once one is answered, and the other is told to ask again if that answer never came", async () => {
  const both = await Promise.all([ask("POST", path, wanted(), "twice"), ask("POST", path, wanted(), "twice")]);
  const [answered, told] = both.toSorted((a, b) => a.status - b.status);
  assert.deepEqual([answered!.status, told!.status], [200, 409], JSON.stringify(told!.body));
  assert.equal(told!.headers.get("retry-after"), "1");
  assert.deepEqual(told!.body.details, { repeat: true });
  assert.ok(told!.body.message.includes(answered!.body.lease.id));
  assert.deepEqual(await live(), [answered!.body.lease.id]);
  await ask("DELETE", `${path}/${answered!.body.lease.id}`, at.loc);
});

test("R28: a caller who leaves while its account is made and asks again gets the one live lease", async () => {
  let repeat: Promise<Heard> | undefined;
  gate.at("create.done", async () => {
    repeat = ask("POST", path, wanted(), "left");
    // The repeat has arrived and found the first on its way.
    await new Promise((settle) => setTimeout(settle, 150));
    socket.resetAndDestroy();
  });
  const socket = say("left");
  await until(async () => repeat !== undefined);
  const heard = await repeat!;
  assert.equal(heard.status, 200, JSON.stringify(heard.body));
  assert.deepEqual(await live(), [heard.body.lease.id]);
  const { rows } = await at.server.running.store.pool.query("select replaces from leases where id = $1", [
    heard.body.lease.id,
  ]);
  assert.equal(await ended(rows[0].replaces), "client-left");
  await ask("DELETE", `${path}/${heard.body.lease.id}`, at.loc);
});

test("R28: a caller who leaves while its account is waited for has no lease", async () => {
  const count = async () => {
    const { pool } = at.server.running.store;
    return (await pool.query("select 1 from leases where reason = 'client-left' and state = 'gone'")).rows.length;
  };
  const before = await count();
  gate.at("ready.done", async () => {
    socket.resetAndDestroy();
  });
  const socket = say("left-waiting", { wait: "login" });
  await until(async () => (await count()) === before + 1);
  assert.deepEqual(await live(), []);
});

test("a key that is none is refused, and one of another request too; nothing is made", async () => {
  const first = await ask("POST", path, wanted(), "taken");
  const refusals = [
    await ask("POST", path, wanted(), "with a blank"),
    await ask("POST", path, wanted(), "x".repeat(256)),
    await ask("POST", path, wanted({ ttl: "10m" }), "taken"),
    await ask("POST", `${path}/${first.body.lease.id}/renew`, at.loc, "taken"),
  ];
  for (const { status, body } of refusals) {
    assert.equal(status, 422, JSON.stringify(body));
    assert.deepEqual(body.details[0].path, ["Idempotency-Key"]);
  }
  assert.deepEqual(await live(), [first.body.lease.id]);
  // Where no key is taken it is none of our business.
  const revoked = await ask("DELETE", `${path}/${first.body.lease.id}`, at.loc, "with a blank");
  assert.equal(revoked.status, 200);
});

test("a renewal that is sent again is answered with what it came to, and recorded as asked for", async () => {
  const { body } = await ask("POST", path, wanted({ ttl: "10m" }));
  const to = `${path}/${body.lease.id}/renew`;
  const first = await ask("POST", to, { ...at.loc, ttl: "10m" }, "renewal");
  const second = await ask("POST", to, { ...at.loc, ttl: "10m" }, "renewal");
  assert.equal(Date.parse(first.body.lease.expireAt), Date.parse(body.lease.expireAt) + 600_000);
  assert.deepEqual([second.status, second.body.lease.expireAt], [200, first.body.lease.expireAt]);
  assert.deepEqual(
    (await at.server.auditOf(second.requestId)).map(({ event, outcome }) => [event, outcome]),
    [["renew-dynamic-secret-lease", "done"]],
  );
  await ask("DELETE", `${path}/${body.lease.id}`, at.loc);
});

test("a lease that was waited for says so; one that was not says nothing", async () => {
  const plain = await ask("POST", path, wanted());
  const waited = await ask("POST", path, wanted({ wait: "login", waitFor: "5s" }));
  assert.ok(!("ready" in plain.body) && !("readyAfterMs" in plain.body));
  assert.equal(waited.body.ready, true);
  assert.equal(typeof waited.body.readyAfterMs, "number");
  const refused = await ask("POST", path, wanted({ wait: "api" }));
  assert.equal(refused.status, 422);
  assert.match(refused.body.message, /^wait: 'api' asks a control plane/);
});
