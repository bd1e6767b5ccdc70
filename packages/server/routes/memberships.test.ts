/** Who is in a project: machines and people, for good and for a time. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { endLapsed } from "../lapses.ts";
import { type Scene, scene } from "../testing/callers.ts";
import { ok, type TestServer } from "../testing/server.ts";

let at: Scene;
let machines: string;
let people: string;
before(async () => {
  at = await scene();
  machines = `/api/v2/workspace/${at.projectId}/identity-memberships`;
  people = `/api/v1/projects/${at.projectId}/memberships`;
});
after(() => at?.stop());

const ask: TestServer["ask"] = (...asked) => at.server.ask(...asked);

const HOUR = 3_600_000;
const nobody = "11111111-2222-4333-8444-555555555555";
const lasting = (role: string) => ({
  ...{ role, isTemporary: false, temporaryMode: "", temporaryRange: "" },
  temporaryAccessStartTime: new Date().toISOString(),
});
const temporary = (role: string, temporaryRange: string, startedMsAgo: number) => ({
  ...{ role, isTemporary: true, temporaryMode: "relative", temporaryRange },
  temporaryAccessStartTime: new Date(Date.now() - startedMsAgo).toISOString(),
});

test("Terraform's membership: made, read in its shape, changed, ended", async () => {
  const { id } = await at.server.newIdentity();
  const path = `${machines}/${id}`;
  const made = ok(await ask("POST", path, { roles: [lasting("viewer")] })).body;
  assert.deepEqual(Object.keys(made.identityMembership).sort(), ["id", "identityId"]);
  const { identityMembership } = ok(await ask("GET", path)).body;
  const { name } = identityMembership.identity;
  assert.deepEqual(identityMembership, {
    id: made.identityMembership.id,
    identityId: id,
    roles: [
      {
        ...{ id: identityMembership.roles[0].id, role: "viewer" },
        ...{ customRoleId: null, customRoleName: null, customRoleSlug: null },
        ...{ isTemporary: false, temporaryMode: null, temporaryRange: null },
        ...{ temporaryAccessStartTime: null, temporaryAccessEndTime: null },
      },
    ],
    identity: { id, name, hasDeleteProtection: false, authMethods: ["universal-auth"] },
    project: { id: at.projectId, name: "Shop", slug: "shop", type: "secret-manager" },
    createdAt: identityMembership.createdAt,
    updatedAt: identityMembership.updatedAt,
  });
  const roles = [lasting("viewer"), temporary("member", "2h", 0)];
  const changed = ok(await ask("PATCH", path, { roles })).body.roles;
  assert.deepEqual(
    changed.map((grant: { role: string; isTemporary: boolean }) => [grant.role, grant.isTemporary]),
    [
      ["viewer", false],
      ["member", true],
    ],
  );
  assert.equal(
    Date.parse(changed[1].temporaryAccessEndTime) - Date.parse(changed[1].temporaryAccessStartTime),
    2 * HOUR,
  );
  const listed = ok(await ask("GET", machines)).body;
  assert.equal(listed.totalCount, listed.identityMemberships.length);
  assert.ok(listed.identityMemberships.some((one: { identityId: string }) => one.identityId === id));
  assert.equal((await ask("POST", path, { roles })).status, 400, "a member already");
  ok(await ask("DELETE", path));
  for (const method of ["GET", "DELETE"]) assert.equal((await ask(method, path)).status, 404, method);
  assert.equal((await ask("PATCH", path, { roles })).status, 404);
});

test("what is not there, and what makes no sense, is told", async () => {
  const { id } = await at.server.newIdentity();
  const roles = [lasting("viewer")];
  assert.equal((await ask("POST", `${machines}/${nobody}`, { roles })).status, 404);
  assert.equal((await ask("POST", `${machines}/${id}`, { roles: [lasting("no-such-role")] })).status, 404);
  for (const bad of [[], [{ role: "" }], [temporary("viewer", "", 0)], [temporary("viewer", "soon", 0)], "viewer"]) {
    assert.equal((await ask("POST", `${machines}/${id}`, { roles: bad })).status, 422, JSON.stringify(bad));
  }
  assert.equal((await ask("POST", `${machines}/not-an-id`, { roles })).status, 422);
  assert.equal((await ask("GET", `${machines}/${id}`)).status, 404, "nothing came of it");
});

test("several roles add up, and each counts in its own time only", async () => {
  const { id, token } = await at.server.newIdentity();
  const roles = [lasting("viewer"), temporary("member", "1h", 2 * HOUR), temporary("admin", "1h", -HOUR)];
  ok(await ask("POST", `${machines}/${id}`, { roles }));
  const tags = `/api/v1/projects/${at.projectId}/tags`;
  ok(await ask("GET", tags, undefined, token));
  assert.equal((await ask("POST", tags, { slug: "mine" }, token)).status, 403, "over, and not yet");
  ok(await ask("PATCH", `${machines}/${id}`, { roles: [lasting("viewer"), temporary("member", "1h", 60_000)] }));
  ok(await ask("POST", tags, { slug: "mine" }, token));
});

test("with its last role the rights of a member end at once, and its leases with them", async () => {
  const { id, token } = await at.server.newIdentity();
  ok(await ask("POST", `${machines}/${id}`, { roles: [temporary("member", "1h", 60_000)] }));
  const loc = { ...at.loc, dynamicSecretName: "postgres" };
  const lease = ok(await ask("POST", "/api/v1/dynamic-secrets/leases", loc, token)).body.lease;
  const { pool } = at.server.running.store;
  const state = async () => (await pool.query("select state, reason from leases where id = $1", [lease.id])).rows[0];
  await endLapsed(at.server.running.store, at.server.running.engine);
  assert.equal((await state()).state, "active", "it is in force");
  const endedAgo = (seconds: number) =>
    pool.query(
      `update memberships set ends_at = $2::text::timestamptz, roles = jsonb_set(roles, '{0,temporary,end}', to_jsonb($2::text))
       where actor_id = $1`,
      [id, new Date(Date.now() - seconds * 1_000).toISOString()],
    );
  await endedAgo(1);
  assert.equal((await ask("POST", "/api/v1/dynamic-secrets/leases", loc, token)).status, 403);
  assert.deepEqual(ok(await ask("GET", "/api/v1/projects", undefined, token)).body.projects, []);
  assert.equal(await endLapsed(at.server.running.store, at.server.running.engine), 0, "a lease may just be beginning");
  await endedAgo(20);
  assert.equal(await endLapsed(at.server.running.store, at.server.running.engine), 1);
  assert.notEqual((await state()).state, "active");
  assert.equal((await state()).reason, "cascade");
  assert.equal(await endLapsed(at.server.running.store, at.server.running.engine), 0, "once");
  ok(await ask("GET", `${machines}/${id}`));
});

test("an admin for a time gives nothing for longer, least of all to itself", async () => {
  const { id, token } = await at.server.newIdentity();
  const path = `${machines}/${id}`;
  ok(await ask("POST", path, { roles: [temporary("admin", "1h", 60_000)] }));
  for (const roles of [[lasting("admin")], [temporary("admin", "2h", 0)], [temporary("viewer", "1h", 0)]]) {
    assert.equal((await ask("PATCH", path, { roles }, token)).status, 403, JSON.stringify(roles));
  }
  const role = { slug: "for-good", name: "For good", permissions: [{ subject: "tags", action: "read" }] };
  assert.equal((await ask("POST", `/api/v1/projects/${at.projectId}/roles`, role, token)).status, 403);
  ok(await ask("PATCH", path, { roles: [temporary("admin", "30m", 0)] }, token));
});

test("a member who is left with nothing loses its leases, one who is left with less does not", async () => {
  const { id, token } = await at.server.newIdentity();
  ok(await ask("POST", `${machines}/${id}`, { roles: [lasting("member")] }));
  const loc = { ...at.loc, dynamicSecretName: "postgres" };
  const lease = ok(await ask("POST", "/api/v1/dynamic-secrets/leases", loc, token)).body.lease;
  const state = async () =>
    (await at.server.running.store.pool.query("select state from leases where id = $1", [lease.id])).rows[0].state;
  ok(await ask("PATCH", `${machines}/${id}`, { roles: [lasting("viewer")] }));
  assert.equal(await state(), "active");
  const heard = ok(await ask("PATCH", `${machines}/${id}`, { roles: [lasting("no-access")] }));
  assert.notEqual(await state(), "active");
  const row = (await at.server.auditOf(heard.requestId)).find(({ event }) => event === "update-identity-membership")!;
  assert.deepEqual([row.detail.roles, row.detail.count], [["no-access"], 1]);
});

test("people are added by e-mail, listed, given other roles, and removed", async () => {
  const { email } = at.server.running.bootstrap!.admin;
  const added = ok(await ask("POST", people, { emails: [email.toUpperCase()], roleSlugs: ["viewer"] })).body
    .memberships;
  assert.equal(added.length, 1);
  const { id, user, roles } = added[0];
  assert.deepEqual([user.email, user.username, roles[0].role], [email, email, "viewer"]);
  assert.deepEqual(ok(await ask("GET", people)).body.memberships, added);
  assert.deepEqual(ok(await ask("GET", `${people}/${id}`)).body.membership, added[0]);
  assert.equal((await ask("POST", people, { emails: [email] })).status, 400, "a member already");
  const changed = ok(await ask("PATCH", `${people}/${id}`, { roles: [{ role: "member" }] })).body;
  assert.equal(changed.roles[0].role, "member");
  ok(await ask("DELETE", people, { emails: [email] }));
  assert.equal((await ask("GET", `${people}/${id}`)).status, 404);
  assert.equal((await ask("DELETE", people, { usernames: [email] })).status, 404);
  assert.equal((await ask("POST", people, { emails: ["nobody@localhost"] })).status, 404);
  assert.equal((await ask("POST", people, {})).status, 422);
  assert.equal((await ask("POST", people, { emails: [email], roleSlugs: [] })).status, 422);
});

test("lease-only has to say what is leased, and to people it cannot be given without", async () => {
  const { email } = at.server.running.bootstrap!.admin;
  assert.equal((await ask("POST", people, { emails: [email], roleSlugs: ["lease-only"] })).status, 422);
  const { id } = await at.server.newIdentity();
  assert.equal((await ask("POST", `${machines}/${id}`, { roles: [{ role: "lease-only" }] })).status, 422);
});

test("a membership of another project is not there", async () => {
  const { email } = at.server.running.bootstrap!.admin;
  const other = ok(await ask("POST", "/api/v2/workspace", { projectName: "Beside" })).body.project.id;
  const [{ id }] = ok(await ask("POST", people, { emails: [email] })).body.memberships;
  const elsewhere = `/api/v1/projects/${other}/memberships`;
  assert.equal((await ask("GET", `${elsewhere}/${id}`)).status, 404);
  assert.equal((await ask("PATCH", `${elsewhere}/${id}`, { roles: [{ role: "viewer" }] })).status, 404);
  assert.equal((await ask("DELETE", elsewhere, { emails: [email] })).status, 404);
  assert.equal((await ask("GET", `/api/v2/workspace/${other}/identity-memberships/${at.leaseOnlyId}`)).status, 404);
});
