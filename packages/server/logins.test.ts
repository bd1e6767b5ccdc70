/** Guessing and tokens: what is refused, when, and to whom. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestServer, testServer } from "./testing/server.ts";

let server: TestServer;
before(async () => {
  server = await testServer();
});
after(() => server?.stop());

const login = (clientId: string, clientSecret: string, headers = {}) =>
  server.call("POST", "/api/v1/auth/universal-auth/login", { body: { clientId, clientSecret }, headers });
const projects = (token: string) => server.call("GET", "/api/v1/projects", { token });

test("after three wrong tries the right secret waits too, and nobody else does", async () => {
  const victim = await server.newIdentity();
  const other = await server.newIdentity();
  const wrong = "x".repeat(43);
  const before = [];
  for (let n = 0; n < 3; n++) before.push((await login(victim.clientId, wrong)).status);
  assert.deepEqual(before, [401, 401, 401]);
  const refused = await login(victim.clientId, victim.clientSecret);
  assert.equal(refused.status, 429);
  const wait = Number(refused.headers.get("retry-after"));
  assert.ok(wait > 290 && wait <= 300, String(wait));
  assert.equal(refused.headers.get("x-ratelimit-reset"), String(wait));
  assert.deepEqual(
    (await server.auditOf(refused.requestId)).map((row) => row.outcome),
    ["denied"],
  );
  assert.equal((await login(other.clientId, other.clientSecret)).status, 200);
  await server.running.store.pool.query("update login_attempts set locked_until = now() - interval '1 s'");
  assert.equal((await login(victim.clientId, victim.clientSecret)).status, 200, "the wait ends");
});

test("of 60 parallel guesses, in any spelling, no more than three are tried (S15)", async () => {
  const victim = await server.newIdentity();
  const spellings = [victim.clientId, victim.clientId.toUpperCase(), ` ${victim.clientId} `];
  const guesses = Array.from({ length: 60 }, (_, n) =>
    login(spellings[n % 3]!, `guess-${n}`, { "x-forwarded-for": `10.0.0.${n}` }),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 401).length, 3);
  assert.equal(statuses.filter((status) => status === 429).length, 57);
});

test("an unknown client id is answered like a known one", async () => {
  const known = await server.newIdentity();
  const a = await login(known.clientId, "wrong");
  const b = await login("11111111-2222-4333-8444-555555555555", "wrong");
  const c = await login("no id at all", "wrong");
  for (const heard of [a, b, c]) {
    assert.equal(heard.status, 401);
    assert.equal(heard.body.message, "Invalid credentials");
  }
});

test("a login is recorded under the identity that logged in", async () => {
  const someone = await server.newIdentity();
  const heard = await login(someone.clientId, someone.clientSecret);
  const rows = await server.auditOf(heard.requestId);
  assert.equal(rows.length, 1);
  assert.equal(rows[0]!.actor.id, someone.id);
});

test("tokens that are expired, of a revoked client secret, or of a deleted identity are refused at once", async () => {
  const { pool } = server.running.store;
  const expired = await server.newIdentity("member");
  assert.equal((await projects(expired.token)).status, 200);
  await pool.query("update access_tokens set expires_at = now() where identity_id = $1", [expired.id]);
  const revoked = await server.newIdentity("member");
  await pool.query(
    `update client_secrets set revoked = true where universal_auth_id =
      (select id from universal_auths where identity_id = $1)`,
    [revoked.id],
  );
  const deleted = await server.newIdentity("member");
  await server.call("DELETE", `/api/v1/identities/${deleted.id}`, { token: server.admin });
  for (const { token } of [expired, revoked, deleted]) {
    const heard = await projects(token);
    assert.equal(heard.status, 403);
    assert.equal(heard.body.error, "TokenError");
  }
});

test("a use limit is exact, however many ask at once (S12)", async () => {
  const { pool } = server.running.store;
  const limited = await server.newIdentity("member");
  await pool.query("update access_tokens set num_uses = 0, num_uses_limit = 5 where identity_id = $1", [limited.id]);
  const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await projects(limited.token)).status));
  assert.equal(statuses.filter((status) => status === 200).length, 5);
  await pool.query(
    "update client_secrets set num_uses = 0, num_uses_limit = 2 where universal_auth_id = (select id from universal_auths where identity_id = $1)",
    [limited.id],
  );
  const logins = await Promise.all(
    Array.from({ length: 4 }, async () => (await login(limited.clientId, limited.clientSecret)).status),
  );
  assert.equal(logins.filter((status) => status === 200).length, 2);
});

test("a client secret lets nobody in that is wrong, another's, too old or revoked", async () => {
  const { pool } = server.running.store;
  const [one, other] = [await server.newIdentity(), await server.newIdentity()];
  // Secrets with every kind of limit stand beside it: none of them makes another text right.
  await pool.query("update client_secrets set num_uses_limit = 100, ttl = 3600");
  assert.equal((await login(one.clientId, "wrong")).status, 401);
  assert.equal((await login(one.clientId, other.clientSecret)).status, 401);
  assert.equal((await login(one.clientId, one.clientSecret)).status, 200);
  await pool.query("update client_secrets set created_at = now() - interval '2 h' where prefix = $1", [
    other.clientSecret.slice(0, 4),
  ]);
  assert.equal((await login(other.clientId, other.clientSecret)).status, 401);
  await pool.query("update client_secrets set num_uses_limit = 0, ttl = 0");
  assert.equal((await login(other.clientId, other.clientSecret)).status, 200);
});

test("headers that are no bearer token are 401, malformed ones 403", async () => {
  const ask = (authorization: string) => server.call("GET", "/api/v1/projects", { headers: { authorization } });
  assert.equal((await ask("Basic YTpi")).status, 401);
  for (const header of ["Bearer", "Bearer a b", "Bearer ü", "Bearer eyJhbGciOiJub25lIn0.e30."]) {
    assert.equal((await ask(Buffer.from(header, "utf8").toString("latin1"))).status, 403, header);
  }
});

test("no token and no client secret can be had from the database (S13)", async () => {
  const { clientSecret, token } = await server.newIdentity();
  const tables = ["access_tokens", "client_secrets", "universal_auths", "audit_events", "login_attempts"];
  for (const table of tables) {
    const { rows } = await server.running.store.pool.query(`select to_jsonb(t)::text as text from ${table} t`);
    const all = rows.map((row) => row.text).join("\n");
    assert.ok(!all.includes(clientSecret) && !all.includes(token), table);
  }
});

// The last one: it makes this address wait.
test("of parallel guesses at many client ids from one address not many more than its limit are tried", async () => {
  const guesses = Array.from({ length: 300 }, (_, n) =>
    login(`11111111-2222-4333-8444-${String(n).padStart(12, "0")}`, "guess"),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  const tried = statuses.filter((status) => status === 401).length;
  // As many more as there are connections to the database, which look at the same time.
  assert.ok(tried >= 60 - 10 && tried <= 60 + 16, String(tried));
  assert.equal(tried + statuses.filter((status) => status === 429).length, 300);
});
