/** What happens to an answer that must not leave, or cannot arrive. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { providerOf, type Scene, scene } from "./testing/callers.ts";
import { stepGate, until } from "./testing/moments.ts";

let at: Scene;
const gate = stepGate();

before(async () => {
  at = await scene({ HIDE_ROOT_CREDENTIALS: "true" }, { step: gate.step });
});
after(() => at?.stop());

const dynamic = "/api/v1/dynamic-secrets";
const lease = () => ({ ...at.loc, dynamicSecretName: "postgres" });

async function breakAudit(): Promise<() => Promise<void>> {
  const { pool } = at.server.running.store;
  await pool.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
  );
  await pool.query("create trigger refuse before insert on audit_events for each row execute function refuse()");
  return async () => {
    await pool.query("drop trigger refuse on audit_events");
    await pool.query("drop function refuse");
  };
}

async function liveLeases(): Promise<{ id: string; state: string; reason: string | null }[]> {
  const { rows } = await at.server.running.store.pool.query(
    "select id, state, reason from leases where state <> 'gone'",
  );
  return rows;
}

/** Leases proven gone because their caller had left. */
async function clientLeft(): Promise<number> {
  const { rows } = await at.server.running.store.pool.query(
    "select id from leases where reason = 'client-left' and state = 'gone'",
  );
  return rows.length;
}

test("without its audit row no secret leaves, and no account stays (A01)", async () => {
  const token = at.tokens.admin;
  const secret = "/api/v3/secrets/raw/CANARY";
  await at.server.call("POST", secret, { token, body: { ...at.loc, secretValue: "canary-unaudited" } });
  const mend = await breakAudit();
  try {
    const read = await at.server.call("GET", `${secret}?${at.query}`, { token });
    assert.equal(read.status, 503);
    assert.ok(!JSON.stringify(read.body).includes("canary"));
    const issued = await at.server.call("POST", `${dynamic}/leases`, { token, body: lease() });
    assert.ok(issued.status >= 500, String(issued.status));
    assert.equal(issued.body.data, undefined);
    const login = await at.server.call("POST", "/api/v1/auth/universal-auth/login", {
      body: at.server.running.bootstrap!.identity,
    });
    assert.equal(login.status, 503);
    assert.equal(login.body.accessToken, undefined);
    const written = await at.server.call("POST", "/api/v3/secrets/raw/UNWRITTEN", {
      token,
      body: { ...at.loc, secretValue: "x" },
    });
    assert.equal(written.status, 503);
  } finally {
    await mend();
  }
  assert.deepEqual(await liveLeases(), []);
  const missing = await at.server.call("GET", `/api/v3/secrets/raw/UNWRITTEN?${at.query}`, { token });
  assert.equal(missing.status, 404, "a write and its row stand or fall together");
});

for (const { title, turns } of [
  { title: "and the server has seen it", turns: 50 },
  { title: "unseen until the answer is written", turns: 0 },
]) {
  test(`a lease whose caller has gone before the answer is revoked, ${title} (R28)`, async () => {
    const before = await clientLeft();
    const socket = say("POST", `${dynamic}/leases`, lease());
    gate.at("t2.committed", async () => {
      socket.resetAndDestroy();
      for (let turn = 0; turn < turns; turn++) await new Promise((settle) => setImmediate(settle));
    });
    await until(async () => (await clientLeft()) === before + 1);
    assert.deepEqual(await liveLeases(), []);
  });
}

test("a lease whose answer arrived stays", async () => {
  const issued = await at.server.call("POST", `${dynamic}/leases`, { token: at.tokens.admin, body: lease() });
  assert.equal(issued.status, 200);
  assert.deepEqual(
    (await liveLeases()).map(({ id, state }) => [id, state]),
    [[issued.body.lease.id, "active"]],
  );
});

test("with HIDE_ROOT_CREDENTIALS no answer carries stored admin credentials (S09)", async () => {
  const token = at.tokens.admin;
  const body = { ...at.loc, name: "hidden", provider: providerOf(at.target), defaultTTL: "1h" };
  const made = await at.server.call("POST", dynamic, { token, body });
  const read = await at.server.call("GET", `${dynamic}/hidden?${at.query}`, { token });
  const data = { inputs: { password: at.target.password } };
  const changed = await at.server.call("PATCH", `${dynamic}/hidden`, { token, body: { ...at.loc, data } });
  for (const heard of [made, read, changed]) {
    assert.equal(heard.status, 200, JSON.stringify(heard.body));
    assert.equal(heard.body.dynamicSecret.inputs.host, at.target.host);
    assert.ok(!JSON.stringify(heard.body).includes(at.target.password));
  }
});

function say(method: string, path: string, body: unknown): Socket {
  const text = JSON.stringify(body);
  const { port } = new URL(at.server.running.url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `${method} ${path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ${at.tokens.admin}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
  return socket;
}
