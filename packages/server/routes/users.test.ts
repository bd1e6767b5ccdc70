/** People of the organization: invitations, passwords, and what goes with somebody who goes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { memberships, users } from "@dayfly/store";
import { type Scene, scene } from "../testing/callers.ts";
import { until } from "../testing/moments.ts";
import { accept, invite, newPerson, signIn, tokenOf } from "../testing/people.ts";
import type { Heard, Said } from "../testing/server.ts";

let at: Scene;
before(async () => {
  at = await scene();
});
after(() => at?.stop());

const asAdmin = (method: string, path: string, body?: unknown) =>
  at.server.call(method, path, { token: at.tokens.admin, body });
const userPath = (id: string) => `/api/v1/organization/users/${id}`;
const pool = () => at.server.running.store.pool;

test("the first admin signs in with what the first start has kept, and invites", async () => {
  const { admin } = at.server.running.bootstrap!;
  const token = await tokenOf(at.server, admin);
  const body = { email: "New@Dayfly.test", name: "New" };
  const heard = await at.server.call("POST", "/api/v1/organization/users", { token, body });
  assert.equal(heard.status, 200, JSON.stringify(heard.body));
  const { user, link } = heard.body;
  assert.deepEqual([user.email, user.role, user.isInvited, user.isActive], ["new@dayfly.test", "member", true, true]);
  const days = (Date.parse(link.expiresAt) - Date.now()) / 86_400_000;
  assert.ok(days > 6.99 && days < 7.01, String(days));
  const twice = await at.server.call("POST", "/api/v1/organization/users", { token, body });
  assert.equal(twice.status, 400, "one mailbox is one person");
  const listed = await at.server.call("GET", "/api/v1/organization/users", { token });
  const emails = listed.body.users.map(({ email }: { email: string }) => email);
  assert.deepEqual(emails, ["admin@localhost", "new@dayfly.test"]);
  assert.ok(!JSON.stringify(listed.body).includes(link.token) && !JSON.stringify(listed.body).includes("argon2"));
});

test("who is no admin invites, changes and deletes nobody, but sees who is there", async () => {
  const person = await newPerson(at.server);
  const token = await tokenOf(at.server, person);
  const said: [string, string, unknown?][] = [
    ["POST", "/api/v1/organization/users", { email: "x@dayfly.test" }],
    ["PATCH", userPath(person.id), { role: "admin" }],
    ["DELETE", userPath(person.id)],
    ["POST", `${userPath(person.id)}/link`],
    ["DELETE", `${userPath(person.id)}/sessions`],
  ];
  for (const [method, path, body] of said) {
    assert.equal((await at.server.call(method, path, { token, body })).status, 403, `${method} ${path}`);
  }
  assert.equal((await at.server.call("GET", userPath(person.id), { token })).status, 200);
});

test("an invitation is used once, however many try, and not when it is old or replaced", async () => {
  const invited = await invite(at.server);
  const tries = await Promise.all(
    Array.from({ length: 8 }, (_, n) => accept(at.server, invited.link, `a fine password ${n}`)),
  );
  const won = tries.map(({ status }, n) => ({ status, n })).filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  const password = `a fine password ${won[0]!.n}`;
  assert.equal((await signIn(at.server, { ...invited, password })).status, 200);
  for (const heard of tries) if (heard.status !== 200) assert.equal(heard.body.error, "TokenError");

  const old = await invite(at.server);
  await pool().query("update user_links set expires_at = now() where user_id = $1", [old.id]);
  assert.equal((await accept(at.server, old.link, password)).status, 403);
  const replaced = await invite(at.server);
  const fresh = await asAdmin("POST", `${userPath(replaced.id)}/link`);
  assert.equal((await accept(at.server, replaced.link, password)).status, 403);
  assert.equal((await accept(at.server, fresh.body.link.token, password)).status, 200);
  assert.equal((await accept(at.server, "made up", password)).status, 403);
});

test("a password that is easy is refused and does not use the link up", async () => {
  const invited = await invite(at.server);
  for (const password of ["short", "aaaaaaaaaaaaaaaa"]) {
    assert.equal((await accept(at.server, invited.link, password)).status, 422);
  }
  assert.equal((await accept(at.server, invited.link, `x${invited.email.toUpperCase()}x`)).status, 400);
  assert.equal((await accept(at.server, invited.link, "a fine password")).status, 200);
});

test("changing one's password needs the current one, and ends the other sessions", async () => {
  const person = await newPerson(at.server);
  const [here, there] = [await tokenOf(at.server, person), await tokenOf(at.server, person)];
  const change = (currentPassword: string, newPassword: string) =>
    at.server.call("POST", "/api/v1/users/me/password", { token: here, body: { currentPassword, newPassword } });
  assert.equal((await change("wrong", "another password")).status, 400);
  assert.equal((await change(person.password, "short")).status, 422);
  const heard = await change(person.password, "another password");
  assert.equal(heard.status, 200, JSON.stringify(heard.body));
  const me = (token: string) => at.server.call("GET", "/api/v1/users/me", { token });
  assert.deepEqual([(await me(here)).status, (await me(there)).status], [200, 403]);
  assert.equal((await signIn(at.server, person)).status, 401);
  assert.equal((await signIn(at.server, { ...person, password: "another password" })).status, 200);
});

test("the current password cannot be guessed through a session that was taken either", async () => {
  const person = await newPerson(at.server);
  const token = await tokenOf(at.server, person);
  const heard = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      at.server.call("POST", "/api/v1/users/me/password", {
        token,
        body: { currentPassword: `guess-${n}`, newPassword: "another password" },
      }),
    ),
  );
  assert.equal(heard.filter(({ status }) => status === 400).length, 3);
  assert.equal(heard.filter(({ status }) => status === 429).length, 17);
  await pool().query("delete from login_attempts");
});

test("a reset by an admin sets another password and ends every session", async () => {
  const person = await newPerson(at.server);
  const token = await tokenOf(at.server, person);
  const { link } = (await asAdmin("POST", `${userPath(person.id)}/link`)).body;
  assert.equal((await signIn(at.server, person)).status, 200, "until it is used nothing changes");
  assert.equal((await accept(at.server, link.token, "another password")).status, 200);
  assert.equal((await at.server.call("GET", "/api/v1/users/me", { token })).status, 403);
  assert.equal((await signIn(at.server, person)).status, 401);
  const again = await tokenOf(at.server, { ...person, password: "another password" });
  assert.equal((await asAdmin("DELETE", `${userPath(person.id)}/sessions`)).body.count, 1);
  assert.equal((await at.server.call("GET", "/api/v1/users/me", { token: again })).status, 403);
});

async function member(): Promise<{ id: string; token: string; said: Said }> {
  const person = await newPerson(at.server);
  const roles = JSON.stringify([{ role: "member" }]);
  await pool().query(
    "insert into memberships (id, project_id, actor_type, actor_id, roles) values (gen_random_uuid(), $1, 'user', $2, $3)",
    [at.projectId, person.id, roles],
  );
  const token = await tokenOf(at.server, person);
  return { id: person.id, token, said: { token, body: { ...at.loc, dynamicSecretName: "postgres" } } };
}

const lease = (said: Said): Promise<Heard> => at.server.call("POST", "/api/v1/dynamic-secrets/leases", said);
const stateOf = async (id: string) =>
  (await pool().query("select state, reason from leases where id = $1", [id])).rows[0];

test("R13: disabling or deleting a person ends their leases, and nobody else's", async () => {
  const other = await lease({ token: at.tokens.admin, body: { ...at.loc, dynamicSecretName: "postgres" } });
  for (const end of [
    (id: string) => asAdmin("PATCH", userPath(id), { isActive: false }),
    (id: string) => asAdmin("DELETE", userPath(id)),
  ]) {
    const person = await member();
    const made = await lease(person.said);
    assert.equal(made.status, 200, JSON.stringify(made.body));
    const ended = await end(person.id);
    assert.equal(ended.status, 200, JSON.stringify(ended.body));
    const row = await stateOf(made.body.lease.id);
    assert.notEqual(row.state, "active");
    assert.equal(row.reason, "cascade");
    assert.equal((await lease(person.said)).status, 403);
  }
  assert.equal((await stateOf(other.body.lease.id)).state, "active");
});

test("no lease begins behind a person's disabling, also one that was already let in", async () => {
  const person = await member();
  const actor = { type: "user", id: person.id } as const;
  const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%member as (%'`;
  const late = await at.server.running.store.transaction(async (tx) => {
    await memberships.suspend(tx, actor, true);
    const asked = lease(person.said);
    await until(async () => (await pool().query(waits)).rows.length > 0);
    return { asked };
  });
  assert.equal((await late.asked).status, 404);
  await asAdmin("PATCH", userPath(person.id), { isActive: true });
  assert.equal((await lease(person.said)).status, 200, "enabling lifts it");
});

test("a person who was disabled cannot sign in, use a link or get one, until enabled", async () => {
  const person = await newPerson(at.server);
  const { link } = (await asAdmin("POST", `${userPath(person.id)}/link`)).body;
  await asAdmin("PATCH", userPath(person.id), { isActive: false });
  assert.equal((await signIn(at.server, person)).status, 401);
  assert.equal((await accept(at.server, link.token, "another password")).status, 403);
  assert.equal((await asAdmin("POST", `${userPath(person.id)}/link`)).status, 400);
  const enabled = await asAdmin("PATCH", userPath(person.id), { isActive: true, name: "Back" });
  assert.deepEqual([enabled.body.user.isActive, enabled.body.user.name], [true, "Back"]);
  assert.equal((await signIn(at.server, person)).status, 200);
});

test("the last admin who can sign in stays, also when two take each other away at once", async () => {
  const first = (await pool().query("select id from users where email = 'admin@localhost'")).rows[0].id;
  const refused = [
    () => asAdmin("DELETE", userPath(first)),
    () => asAdmin("PATCH", userPath(first), { isActive: false }),
    () => asAdmin("PATCH", userPath(first), { role: "member" }),
  ];
  await invite(at.server, "admin");
  for (const act of refused) {
    const heard = await act();
    assert.equal(heard.status, 400, "an invited admin is none yet");
    assert.match(heard.body.message, /last admin/);
  }
  const second = await newPerson(at.server, "admin");
  const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%"org_role"%for update%'`;
  const late = await at.server.running.store.transaction(async (tx) => {
    assert.ok(await users.isOtherAdmin(tx, first));
    await users.update(tx, first, { orgRole: "member" });
    const asked = asAdmin("PATCH", userPath(second.id), { role: "member" });
    await until(async () => (await pool().query(waits)).rows.length > 0);
    return { asked };
  });
  assert.equal((await late.asked).status, 400);
});

test("what is unknown or malformed is 404 or 422, and never half done", async () => {
  const nobody = userPath("11111111-2222-4333-8444-555555555555");
  assert.equal((await asAdmin("GET", nobody)).status, 404);
  assert.equal((await asAdmin("PATCH", nobody, { name: "x" })).status, 404);
  assert.equal((await asAdmin("DELETE", nobody)).status, 404);
  assert.equal((await asAdmin("POST", `${nobody}/link`)).status, 404);
  assert.equal((await asAdmin("DELETE", `${nobody}/sessions`)).status, 404);
  assert.equal((await asAdmin("GET", userPath("x"))).status, 422);
  for (const email of ["", "x", "a b@c.de", "a@b\0.de", `${"x".repeat(255)}@dayfly.test`, 7, null]) {
    assert.equal((await asAdmin("POST", "/api/v1/organization/users", { email })).status, 422, String(email));
  }
  const person = await newPerson(at.server);
  for (const body of [{ role: "root" }, { isActive: "no" }, { name: "a\nb" }]) {
    assert.equal((await asAdmin("PATCH", userPath(person.id), body)).status, 422);
  }
});
