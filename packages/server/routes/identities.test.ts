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
