/** Sessions of people: guessing, tokens that are not good, and how a session ends. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { invite, newPerson, type Person, signIn, tokenOf } from "../testing/people.ts";
import { type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
let one: Person;
before(async () => {
  server = await testServer();
  one = await newPerson(server);
});
after(() => server?.stop());

const me = (token: string) => server.call("GET", "/api/v1/users/me", { token });
const forgetTries = () => server.running.store.pool.query("delete from login_attempts");
const decoded = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

test("the official CLI's way: sign in, see the organizations, choose one, go on with the new token only", async () => {
  const first = await tokenOf(server, { ...one, email: ` ${one.email.toUpperCase()} ` });
  const { organizationId } = server.running.bootstrap!;
  const listed = await server.call("GET", "/api/v1/organization/accessible-with-sub-orgs", { token: first });
  assert.deepEqual(listed.body.organizations, [
    { id: organizationId, name: "Dayfly", slug: "dayfly", subOrganizations: [] },
  ]);
  const stranger = { token: first, body: { organizationId: "11111111-2222-4333-8444-555555555555" } };
  assert.equal((await server.call("POST", "/api/v3/auth/select-organization/", stranger)).status, 404);
  const chosen = await server.call("POST", "/api/v3/auth/select-organization/", {
    token: first,
    body: { organizationId },
  });
  assert.equal(chosen.body.isMfaEnabled, false);
  assert.equal((await me(first)).status, 403);
  const { token } = chosen.body;
  assert.equal((await me(token)).body.user.email, one.email);
  assert.equal((await server.call("POST", "/api/v1/auth/checkAuth", { token })).status, 200);
  const [header, claims] = token.split(".").map((part: string, n: number) => (n < 2 ? decoded(part) : part));
  assert.deepEqual(header, { alg: "HS256", typ: "JWT" });
  assert.ok(Math.abs(claims.exp - Date.now() / 1000 - 24 * 3600) < 60, "the end that the CLI checks by itself");
  assert.equal(claims.organizationId, organizationId);
});

test("a person leads a project and sees it in the list that the CLI reads", async () => {
  const token = await tokenOf(server, one);
  const made = await server.call("POST", "/api/v2/workspace", { token, body: { projectName: "Theirs" } });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const listed = await server.call("GET", "/api/v1/workspace", { token });
  assert.deepEqual(
    listed.body.workspaces.map(({ _id, name }: { _id: string; name: string }) => ({ _id, name })),
    [{ _id: made.body.project.id, name: "Theirs" }],
  );
  assert.equal((await server.auditOf(made.requestId))[0]!.actor.id, one.id);
});

test("S12: no token that was altered, forged or cut is good, and each is told the same", async () => {
  const token = await tokenOf(server, one);
  const [header, payload, tail] = token.split(".") as [string, string, string];
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const sign = (head: string, body: string, key: string) =>
    `${head}.${body}.${createHmac("sha256", key).update(`${head}.${body}`).digest("base64url")}`;
  const claims = decoded(payload);
  const forged = [
    `${part({ alg: "none", typ: "JWT" })}.${payload}.`,
    `${part({ alg: "none", typ: "JWT" })}.${payload}.${tail}`,
    `${part({ alg: "HS512", typ: "JWT" })}.${payload}.${tail}`,
    `${part({ alg: "HS256", typ: "JWT", kid: "../../dev/null" })}.${payload}.${tail}`,
    ...["", "secret", tail, server.running.store.keys.instanceId].map((key) => sign(header, payload, key)),
    `${header}.${part({ ...claims, exp: claims.exp + 1 })}.${tail}`,
    `${header}.${part({ ...claims, userId: server.running.bootstrap!.identity.id })}.${tail}`,
    `${header}.${part({ ...claims, aud: "other", iss: "other" })}.${tail}`,
    ...[`${header}.${payload}`, `${header}.${payload}.`, `..${tail}`, tail, `${token}.`, `${token}=`, "..", "."],
    server.admin.replace(/^(.{10})/, "$1."),
  ];
  // Every character once: among them the last, of which base64 leaves bits unread.
  const flipped = Array.from(token, (character, at) => {
    const other = character === "A" ? "B" : "A";
    return `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
  });
  const cut = Array.from({ length: 40 }, (_, n) => token.slice(0, Math.floor((token.length * n) / 40)));
  const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const unread = Array.from(last, (character) => token.slice(0, -1) + character).filter((text) => text !== token);
  const all = [...forged, ...flipped, ...cut.filter((text) => text !== ""), ...unread];
  assert.ok(all.length > 200, String(all.length));
  const bodies = new Set<string>();
  for (const bad of all) {
    const heard = await me(bad);
    assert.equal(heard.status, 403, bad);
    const { reqId: _, ...body } = heard.body;
    bodies.add(JSON.stringify(body));
  }
  assert.equal(bodies.size, 1);
  assert.match([...bodies][0]!, /"TokenError"/);
  assert.equal((await me(token)).status, 200, "the token itself still is");
});

test("S12: a token whose session is over, or whose user is disabled or deleted, is refused at once", async () => {
  const { pool } = server.running.store;
  const someone = await newPerson(server);
  const [over, gone, out] = [
    await tokenOf(server, someone),
    await tokenOf(server, someone),
    await tokenOf(server, one),
  ];
  const { sessions } = (await server.call("GET", "/api/v1/users/me/sessions", { token: over })).body;
  const own = sessions.find((session: { isCurrent: boolean }) => session.isCurrent);
  await pool.query("update user_sessions set expires_at = now() where id = $1", [own.id]);
  assert.equal((await me(over)).status, 403);
  assert.equal((await me(gone)).status, 200);
  const user = `/api/v1/organization/users/${someone.id}`;
  await server.call("PATCH", user, { token: server.admin, body: { isActive: false } });
  assert.equal((await me(gone)).status, 403);
  await server.call("PATCH", user, { token: server.admin, body: { isActive: true } });
  assert.equal((await me(gone)).status, 403, "a session that was ended does not come back");
  const again = await tokenOf(server, someone);
  await server.call("DELETE", user, { token: server.admin });
  assert.equal((await me(again)).status, 403);
  assert.equal((await server.call("POST", "/api/v1/auth/logout", { token: out })).status, 200);
  assert.equal((await me(out)).status, 403);
});

test("sessions are listed with where they are from, and ended one by one or all others", async () => {
  const someone = await newPerson(server);
  const phone = (await signIn(server, someone, { "user-agent": "phone" })).body.accessToken;
  const [laptop, tv] = [await tokenOf(server, someone), await tokenOf(server, someone)];
  await server.running.store.pool.query(
    "update user_sessions set last_used_at = now() - interval '1 h' where user_id = $1",
    [someone.id],
  );
  const path = "/api/v1/users/me/sessions";
  const { sessions } = (await server.call("GET", path, { token: laptop })).body;
  assert.equal(sessions.length, 3);
  assert.ok(sessions[0].isCurrent, "the last used is the first");
  assert.ok(Date.now() - Date.parse(sessions[0].lastUsed) < 60_000);
  const theirs = sessions.find((session: { userAgent: string }) => session.userAgent === "phone");
  assert.equal(theirs.ip, "127.0.0.1");
  const foreign = await server.call("DELETE", `${path}/${theirs.id}`, { token: await tokenOf(server, one) });
  assert.equal(foreign.status, 404, "of somebody else");
  assert.equal((await me(phone)).status, 200);
  assert.equal((await server.call("DELETE", `${path}/${theirs.id}`, { token: laptop })).status, 200);
  assert.equal((await me(phone)).status, 403);
  assert.equal((await server.call("DELETE", path, { token: laptop })).body.count, 1);
  assert.deepEqual([(await me(tv)).status, (await me(laptop)).status], [403, 200]);
});

test("a person has 100 sessions at most: the oldest ends for one more", async () => {
  const someone = await newPerson(server);
  const oldest = await tokenOf(server, someone);
  const { pool } = server.running.store;
  await pool.query(
    `insert into user_sessions (id, user_id, digest, expires_at)
      select gen_random_uuid(), $1, sha256(n::text::bytea), now() + interval '1 h' from generate_series(1, 99) n`,
    [someone.id],
  );
  assert.equal((await me(oldest)).status, 200);
  const newest = await tokenOf(server, someone);
  assert.deepEqual([(await me(oldest)).status, (await me(newest)).status], [403, 200]);
  const { sessions } = (await server.call("GET", "/api/v1/users/me/sessions", { token: newest })).body;
  assert.equal(sessions.length, 100);
});

test("what is about people is refused to a machine", async () => {
  for (const path of ["/api/v1/users/me", "/api/v1/users/me/sessions"]) {
    const heard = await server.call("GET", path, { token: server.admin });
    assert.equal(heard.status, 403);
    assert.equal(heard.body.error, "ForbiddenError");
  }
});

test("wrong, unknown, invited and malformed are answered alike", async () => {
  const answers = new Set<string>();
  const invited = await invite(server);
  for (const email of [
    one.email,
    invited.email,
    "nobody@dayfly.test",
    "no address",
    "\0",
    "ü@dayfly.test",
    `${"x".repeat(250)}@x`,
  ]) {
    const heard = await signIn(server, { email, password: "wrong" });
    assert.equal(heard.status, 401, email);
    answers.add(JSON.stringify({ ...heard.body, reqId: "" }));
  }
  assert.equal(answers.size, 1);
  await forgetTries();
  assert.equal((await signIn(server, { email: one.email, password: "x".repeat(1025) })).status, 422);
  for (const body of [{}, { email: one.email }, { email: [one.email], password: one.password }, [], "no json"]) {
    const heard = await server.call("POST", "/api/v3/auth/login", { body });
    assert.ok([400, 422].includes(heard.status), JSON.stringify(body));
  }
});

test("S15: of 50 parallel guesses in any spelling three are tried, and then the right password waits too", async () => {
  await forgetTries();
  const victim = await newPerson(server);
  const spellings = [victim.email, victim.email.toUpperCase(), ` ${victim.email} `];
  const guesses = Array.from({ length: 50 }, (_, n) =>
    signIn(server, { email: spellings[n % 3]!, password: `guess-${n}` }, { "x-forwarded-for": `10.0.0.${n}` }),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 401).length, 3);
  assert.equal(statuses.filter((status) => status === 429).length, 47);
  const refused = await signIn(server, victim);
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get("retry-after")) > 290);
  assert.equal((await signIn(server, one)).status, 200, "nobody else waits");
  await server.running.store.pool.query("update login_attempts set locked_until = now() - interval '1 s'");
  assert.equal((await signIn(server, victim)).status, 200, "the wait ends");
});

test("right logins are no tries, however many come at once", async () => {
  await forgetTries();
  const heard = await Promise.all(Array.from({ length: 10 }, () => signIn(server, one)));
  assert.deepEqual([...new Set(heard.map(({ status }) => status))], [200]);
  const { rows } = await server.running.store.pool.query("select tries, locked_until from login_attempts");
  assert.ok(rows.length > 0 && rows.every((row) => row.tries === 0 && row.locked_until === null), JSON.stringify(rows));
});

test("S13: no token and no password can be had from the database", async () => {
  const token = await tokenOf(server, one);
  for (const table of ["users", "user_sessions", "user_links", "audit_events", "login_attempts"]) {
    const { rows } = await server.running.store.pool.query(`select to_jsonb(t)::text as text from ${table} t`);
    const all = rows.map((row) => row.text).join("\n");
    assert.ok(!all.includes(token) && !all.includes(one.password), table);
  }
});
