/** Universal auth: from where and how often, how long what it gets lasts, and how it ends. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
before(async () => {
  server = await testServer({ TRUSTED_PROXIES: "127.0.0.1" });
});
after(() => server?.stop());

const asAdmin = (method: string, path: string, body?: unknown) =>
  server.call(method, path, { token: server.admin, body });
const uaPath = (id: string) => `/api/v1/auth/universal-auth/identities/${id}`;
const login = (pair: { clientId: string; clientSecret: string }, from?: string) =>
  server.call("POST", "/api/v1/auth/universal-auth/login", {
    body: { clientId: pair.clientId, clientSecret: pair.clientSecret },
    headers: from === undefined ? {} : { "x-forwarded-for": from },
  });
const ask = (token: string, from?: string) =>
  server.call("GET", "/api/v1/projects", { token, headers: from === undefined ? {} : { "x-forwarded-for": from } });
const held = (verb: "renew" | "revoke", accessToken: string, from?: string) =>
  server.call("POST", `/api/v1/auth/token/${verb}`, {
    body: { accessToken },
    headers: from === undefined ? {} : { "x-forwarded-for": from },
  });
const pool = () => server.running.store.pool;

test("what was set is what is shown, also after a change of a part", async () => {
  const { id } = await server.newIdentity("member");
  const anywhere = [
    { ipAddress: "0.0.0.0", type: "ipv4", prefix: 0 },
    { ipAddress: "::", type: "ipv6", prefix: 0 },
  ];
  const first = (await asAdmin("GET", uaPath(id))).body.identityUniversalAuth;
  assert.deepEqual([first.accessTokenTTL, first.accessTokenNumUsesLimit], [2_592_000, 0]);
  assert.deepEqual([first.clientSecretTrustedIps, first.accessTokenTrustedIps], [anywhere, anywhere]);
  const body = {
    accessTokenTTL: 600,
    accessTokenNumUsesLimit: 5,
    clientSecretTrustedIps: [{ ipAddress: "10.0.0.0/8" }, { ipAddress: "10.1.2.3" }, { ipAddress: "2001:db8::/32" }],
  };
  const changed = (await asAdmin("PATCH", uaPath(id), body)).body.identityUniversalAuth;
  assert.deepEqual(
    [changed.accessTokenTTL, changed.accessTokenMaxTTL, changed.accessTokenNumUsesLimit],
    [...[600, 2_592_000, 5]],
  );
  assert.deepEqual(changed.clientSecretTrustedIps, [
    { ipAddress: "10.0.0.0", type: "ipv4", prefix: 8 },
    { ipAddress: "10.1.2.3", type: "ipv4" },
    { ipAddress: "2001:db8::", type: "ipv6", prefix: 32 },
  ]);
  assert.deepEqual(changed.accessTokenTrustedIps, anywhere, "what was left out stays");
  assert.deepEqual((await asAdmin("GET", uaPath(id))).body.identityUniversalAuth, changed);
  assert.equal((await asAdmin("POST", uaPath(id), {})).status, 400, "it has one already");
  const lifted = await asAdmin("PATCH", uaPath(id), { clientSecretTrustedIps: null });
  assert.deepEqual(lifted.body.identityUniversalAuth.clientSecretTrustedIps, anywhere);
});

test("a client secret is exchanged only from trusted addresses, and a wrong one from there is no different answer", async () => {
  const machine = await server.newIdentity();
  const trusted = [{ ipAddress: "10.1.0.0/16" }, { ipAddress: "192.0.2.7" }, { ipAddress: "2001:db8:1::/48" }];
  await asAdmin("PATCH", uaPath(machine.id), { clientSecretTrustedIps: trusted });
  for (const from of [
    "10.1.0.1",
    "10.1.255.255",
    "192.0.2.7",
    "2001:db8:1::9",
    "::ffff:10.1.2.3",
    "::FFFF:192.0.2.7",
  ]) {
    assert.equal((await login(machine, from)).status, 200, from);
  }
  const outside = ["10.2.0.1", "192.0.2.8", "2001:db8:2::1", "::ffff:10.2.0.1", "::", "unknown", "10.1.0.1, 10.2.0.1"];
  for (const from of [...outside, undefined]) {
    const heard = await login(machine, from);
    assert.equal(heard.status, 401, String(from));
    assert.equal(heard.body.message, "Invalid credentials");
    await pool().query("delete from login_attempts");
  }
});

test("a token is good only from trusted addresses, on the next request after a change", async () => {
  const machine = await server.newIdentity();
  const { token } = machine;
  assert.equal((await ask(token, "10.2.0.1")).status, 200);
  await asAdmin("PATCH", uaPath(machine.id), { accessTokenTrustedIps: [{ ipAddress: "10.1.0.0/16" }] });
  assert.equal((await ask(token, "10.1.2.3")).status, 200);
  for (const from of ["10.2.0.1", "::1", "fe80::1%eth0", "garbage'", undefined]) {
    const heard = await ask(token, from);
    assert.equal(heard.status, 403, String(from));
    assert.equal(heard.body.error, "TokenError");
  }
  assert.equal((await held("renew", token, "10.2.0.1")).status, 403);
  assert.equal((await held("renew", token, "10.1.0.1")).status, 200);
});

test("S12: of 100 parallel uses of a token exactly its limit are let in", async () => {
  const machine = await server.newIdentity();
  await asAdmin("PATCH", uaPath(machine.id), { accessTokenNumUsesLimit: 7 });
  const token = await server.login(machine);
  const statuses = (await Promise.all(Array.from({ length: 100 }, () => ask(token)))).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 7);
  assert.equal(statuses.filter((status) => status === 403).length, 93);
  assert.equal((await held("renew", token)).status, 403, "a token that is used up is not renewed");
});

test("of 40 parallel logins with a client secret exactly its limit succeed", async () => {
  const { id } = await server.newIdentity();
  const { clientId } = (await asAdmin("GET", uaPath(id))).body.identityUniversalAuth;
  const made = await asAdmin("POST", `${uaPath(id)}/client-secrets`, { numUsesLimit: 5, ttl: 3600 });
  const { clientSecret, clientSecretData } = made.body;
  const heard = await Promise.all(Array.from({ length: 40 }, () => login({ clientId, clientSecret })));
  assert.equal(heard.filter(({ status }) => status === 200).length, 5);
  await pool().query("delete from login_attempts");
  const read = await asAdmin("GET", `${uaPath(id)}/client-secrets/${clientSecretData.id}`);
  assert.equal(read.body.clientSecretData.clientSecretNumUses, 5);
});

test("a renewed token lasts its lifetime from then, never longer than its greatest age, and never shorter than before", async () => {
  const machine = await server.newIdentity();
  await asAdmin("PATCH", uaPath(machine.id), { accessTokenTTL: 600, accessTokenMaxTTL: 1000 });
  const signedIn = (await login(machine)).body;
  assert.deepEqual([signedIn.expiresIn, signedIn.accessTokenMaxTTL, signedIn.tokenType], [600, 1000, "Bearer"]);
  const backdate = (seconds: number) =>
    pool().query(
      `update access_tokens set created_at = created_at - $1 * interval '1 second',
        expires_at = expires_at - $1 * interval '1 second' where identity_id = $2`,
      [seconds, machine.id],
    );
  const { accessToken } = signedIn;
  await backdate(300);
  const first = await held("renew", accessToken);
  assert.equal(first.status, 200);
  assert.equal(first.body.accessToken, accessToken);
  assert.ok([599, 600].includes(first.body.expiresIn), String(first.body.expiresIn));
  await backdate(400);
  const second = await held("renew", accessToken);
  assert.ok([299, 300].includes(second.body.expiresIn), String(second.body.expiresIn));
  assert.equal((await server.auditOf(second.requestId))[0]!.actor.id, machine.id);
  await backdate(301);
  assert.equal((await held("renew", accessToken)).status, 403, "what has ended is not brought back");
  assert.equal((await ask(accessToken)).status, 403);
});

test("a revoked token is refused at once and for ever, and revoking it twice succeeds", async () => {
  const { token } = await server.newIdentity();
  const other = await server.newIdentity();
  for (const _ of [1, 2]) assert.equal((await held("revoke", token)).status, 200);
  assert.equal((await ask(token)).status, 403);
  assert.equal((await held("renew", token)).status, 403);
  assert.equal((await ask(other.token)).status, 200);
  for (const bad of ["A".repeat(43), "a.b.c", "\0", "ü"]) {
    for (const verb of ["renew", "revoke"] as const) {
      const heard = await held(verb, bad);
      assert.equal(heard.status, 403, bad);
      assert.equal(heard.body.error, "TokenError");
    }
  }
  assert.equal((await held("renew", "")).status, 422);
});

test("client secrets are listed by what can be shown, and a revoked one takes its tokens along", async () => {
  const machine = await server.newIdentity();
  const path = `${uaPath(machine.id)}/client-secrets`;
  const spare = await asAdmin("POST", path, { description: "spare" });
  const pair = { clientId: machine.clientId, clientSecret: spare.body.clientSecret };
  const token = await server.login(pair);
  const listed = await asAdmin("GET", path);
  const descriptions = listed.body.clientSecretData.map((one: { description: string }) => one.description);
  assert.deepEqual(descriptions, ["spare", ""]);
  assert.ok(!JSON.stringify(listed.body).includes(spare.body.clientSecret));
  const other = await server.newIdentity();
  const foreign = `${uaPath(other.id)}/client-secrets/${spare.body.clientSecretData.id}`;
  assert.equal((await asAdmin("GET", foreign)).status, 404, "of another identity");
  assert.equal((await asAdmin("POST", `${foreign}/revoke`)).status, 404);
  const revoked = await asAdmin("POST", `${path}/${spare.body.clientSecretData.id}/revoke`);
  assert.equal(revoked.body.clientSecretData.isClientSecretRevoked, true);
  assert.equal((await ask(token)).status, 403);
  assert.equal((await held("renew", token)).status, 403);
  assert.equal((await login(pair)).status, 401);
  assert.equal((await ask(machine.token)).status, 200, "the other secret's token is good");
});

test("taking universal auth away ends its tokens, and it can be attached anew", async () => {
  const machine = await server.newIdentity();
  assert.equal((await asAdmin("DELETE", uaPath(machine.id))).body.identityUniversalAuth.clientId, machine.clientId);
  assert.equal((await ask(machine.token)).status, 403);
  assert.equal((await login(machine)).status, 401);
  assert.equal((await asAdmin("GET", uaPath(machine.id))).status, 404);
  assert.equal((await asAdmin("PATCH", uaPath(machine.id), {})).status, 404);
  assert.equal((await asAdmin("DELETE", uaPath(machine.id))).status, 404);
  const again = await asAdmin("POST", uaPath(machine.id), {});
  assert.notEqual(again.body.identityUniversalAuth.clientId, machine.clientId);
});
