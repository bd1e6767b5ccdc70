import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Scene, scene } from "../testing/callers.ts";

let at: Scene;
before(async () => {
  at = await scene();
});
after(() => at.stop());

async function lease(token: string): Promise<{ id: string }> {
  const body = { ...at.loc, dynamicSecretName: "postgres" };
  const made = await at.server.call("POST", "/api/v1/dynamic-secrets/leases", { token, body });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return made.body.lease;
}

test("R13: deleting an identity ends its leases, and nobody else's", async () => {
  const own = await lease(at.tokens.leaseOnly);
  const others = await lease(at.tokens.admin);
  const ended = await at.server.call("DELETE", `/api/v1/identities/${at.leaseOnlyId}`, { token: at.tokens.admin });
  assert.equal(ended.status, 200);
  const { rows } = await at.server.running.store.pool.query("select id, state, reason from leases");
  const mine = rows.find((row) => row.id === own.id);
  assert.notEqual(mine.state, "active");
  assert.equal(mine.reason, "cascade");
  const events = (await at.server.auditOf(ended.requestId)).map(({ event }) => event);
  assert.deepEqual(events.sort(), ["delete-identity", "lease.revoke-requested"], "one row for the order, one a lease");
  assert.equal(rows.find((row) => row.id === others.id).state, "active");
  const list = await at.server.call("GET", "/api/v1/projects", { token: at.tokens.leaseOnly });
  assert.equal(list.status, 403, "its token is refused at once");
});

test("a lease-only identity sees the one project that it is in", async () => {
  const { id, token } = await at.server.newIdentity();
  const role = { role: "lease-only", secrets: [{ environment: "prod", path: "/database", name: "postgres" }] };
  await at.server.call("POST", `/api/v2/workspace/${at.projectId}/identity-memberships/${id}`, {
    token: at.tokens.admin,
    body: { roles: [role] },
  });
  const list = await at.server.call("GET", "/api/v1/projects", { token });
  assert.equal(list.status, 200);
  assert.deepEqual(
    list.body.projects.map((project: { slug: string }) => project.slug),
    ["shop"],
  );
});

const asAdmin = (method: string, path: string, body?: unknown) =>
  at.server.call(method, path, { token: at.tokens.admin, body });

test("an identity is read nested twice, as it was made and changed", async () => {
  const { organizationId } = at.server.running.bootstrap!;
  const metadata = [{ key: "team", value: "shop" }];
  const made = await asAdmin("POST", "/api/v1/identities", {
    ...{ name: "runner", organizationId, role: "member", hasDeleteProtection: true, metadata },
  });
  const { id } = made.body.identity;
  assert.deepEqual([made.body.identity.metadata, made.body.identity.hasDeleteProtection], [metadata, true]);
  const path = `/api/v1/identities/${id}`;
  const read = (await asAdmin("GET", path)).body.identity;
  assert.deepEqual([read.id, read.role, read.orgId, read.metadata], [id, "member", organizationId, metadata]);
  assert.deepEqual([read.identity.name, read.identity.authMethods], ["runner", []]);
  await asAdmin("POST", `/api/v1/auth/universal-auth/identities/${id}`, {});
  const changed = await asAdmin("PATCH", path, { name: "walker", role: "no-access", metadata: [] });
  const { name, authMethods } = changed.body.identity;
  assert.deepEqual([name, authMethods, changed.body.identity.metadata], ["walker", ["universal-auth"], []]);
  const { identities } = (await asAdmin("GET", "/api/v1/identities")).body;
  assert.deepEqual(identities.find((one: { id: string }) => one.id === id).identity.authMethods, ["universal-auth"]);
  const kept = await asAdmin("DELETE", path);
  assert.equal(kept.status, 400);
  assert.match(kept.body.message, /protected/);
  await asAdmin("PATCH", path, { hasDeleteProtection: false });
  assert.equal((await asAdmin("DELETE", path)).status, 200);
  assert.equal((await asAdmin("GET", path)).status, 404);
  assert.equal((await asAdmin("PATCH", path, {})).status, 404);
  assert.equal((await asAdmin("PATCH", path, { role: "root" })).status, 422);
  const details = await asAdmin("GET", "/api/v1/identities/details");
  assert.equal(details.body.identityDetails.organization.id, organizationId);
});

test("R13: disabling an identity refuses its tokens and logins at once and ends its leases, until it is enabled", async () => {
  const machine = await at.server.newIdentity();
  const roles = [{ role: "member" }];
  await asAdmin("POST", `/api/v2/workspace/${at.projectId}/identity-memberships/${machine.id}`, { roles });
  const own = await lease(machine.token);
  const path = `/api/v1/identities/${machine.id}`;
  const disabled = await asAdmin("PATCH", path, { isActive: false });
  assert.equal(disabled.body.identity.isActive, false);
  const { rows } = await at.server.running.store.pool.query("select state, reason from leases where id = $1", [own.id]);
  assert.notEqual(rows[0].state, "active");
  assert.equal(rows[0].reason, "cascade");
  assert.equal((await at.server.call("GET", "/api/v1/projects", { token: machine.token })).status, 403);
  const renewed = await at.server.call("POST", "/api/v1/auth/token/renew", { body: { accessToken: machine.token } });
  assert.equal(renewed.status, 403);
  assert.equal(await at.server.login(machine), undefined);
  await asAdmin("PATCH", path, { isActive: true });
  await lease(await at.server.login(machine));
});
