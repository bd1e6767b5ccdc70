/** How much of a dynamic secret is shown to whom, beyond what the matrix asks of every route. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { providerOf, type Scene, scene } from "./testing/callers.ts";

let at: Scene;
before(async () => {
  at = await scene();
});
after(() => at?.stop());

describe("a lease-only identity", () => {
  const dynamic = "/api/v1/dynamic-secrets";
  const as = (method: string, path: string, body?: unknown) =>
    at.server.call(method, path, { token: at.tokens.leaseOnly, body });

  test("sees the secrets it may lease, without inputs, and no other", async () => {
    const body = { ...at.loc, name: "hidden", provider: providerOf(at.target), defaultTTL: "1h" };
    const made = await at.server.call("POST", dynamic, { token: at.tokens.admin, body });
    assert.equal(made.status, 200);
    const list = await as("GET", `${dynamic}?${at.query}`);
    assert.deepEqual(
      list.body.dynamicSecrets.map((secret: { name: string }) => secret.name),
      ["postgres"],
    );
    const one = await as("GET", `${dynamic}/postgres?${at.query}`);
    assert.equal(one.status, 200);
    assert.equal(one.body.dynamicSecret.inputs, undefined);
    assert.equal((await as("GET", `${dynamic}/hidden?${at.query}`)).status, 403);
    const refused = await as("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: "hidden" });
    assert.equal(refused.status, 403);
  });

  test("leases, renews, reads and revokes its own, and no lease of another", async () => {
    const others = await at.server.call("POST", `${dynamic}/leases`, {
      token: at.tokens.admin,
      body: { ...at.loc, dynamicSecretName: "postgres" },
    });
    const own = await as("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: "Postgres", ttl: "10m" });
    assert.equal(own.status, 200, JSON.stringify(own.body));
    assert.equal(typeof own.body.data.DB_PASSWORD, "string");
    const mine = `${dynamic}/leases/${own.body.lease.id}`;
    const theirs = `${dynamic}/leases/${others.body.lease.id}`;
    const listed = await as("GET", `${dynamic}/postgres/leases?${at.query}`);
    assert.deepEqual(
      listed.body.leases.map((lease: { id: string }) => lease.id),
      [own.body.lease.id],
    );
    assert.equal((await as("GET", `${mine}?${at.query}`)).status, 200);
    assert.equal((await as("POST", `${mine}/renew`, { ...at.loc, ttl: "1m" })).status, 200);
    assert.equal((await as("GET", `${theirs}?${at.query}`)).status, 404);
    assert.equal((await as("POST", `${theirs}/renew`, { ...at.loc, ttl: "1m" })).status, 404);
    assert.equal((await as("DELETE", theirs, at.loc)).status, 404);
    assert.equal((await as("DELETE", mine, at.loc)).status, 200);
    assert.equal((await as("DELETE", mine, at.loc)).status, 200, "revoking twice succeeds");
  });
});

describe("stored admin credentials (S09)", () => {
  const path = () => `/api/v1/dynamic-secrets/postgres?${at.query}`;

  test("leave to an admin who did not decline them, and the row says so", async () => {
    const { server, tokens, target } = at;
    const full = await server.call("GET", path(), { token: tokens.admin });
    assert.equal(full.body.dynamicSecret.inputs.password, target.password);
    assert.equal((await server.auditOf(full.requestId))[0]!.detail.rootCredentials, true);
    const plain = await server.call("GET", `${path()}&rootCredentials=false`, { token: tokens.admin });
    assert.equal(plain.body.dynamicSecret.inputs.host, target.host);
    assert.ok(!JSON.stringify(plain.body).includes(target.password));
    assert.equal((await server.auditOf(plain.requestId))[0]!.detail.rootCredentials, false);
  });

  test("are not kept under a name that the type does not know, where nobody would hide them", async () => {
    const { server, tokens, target } = at;
    const inputs = { pasword: "canary-misspelt" };
    const body = { ...at.loc, name: "misspelt", provider: providerOf(target, inputs), defaultTTL: "1h" };
    const made = await server.call("POST", "/api/v1/dynamic-secrets", { token: tokens.admin, body });
    const changed = await server.call("PATCH", "/api/v1/dynamic-secrets/misspelt", {
      token: tokens.admin,
      body: { ...at.loc, data: { inputs } },
    });
    for (const heard of [made, changed]) {
      assert.equal(heard.status, 200, JSON.stringify(heard.body));
      assert.ok(!JSON.stringify(heard.body).includes("canary-misspelt"));
    }
  });

  test("stay with a viewer, who sees the other inputs", async () => {
    const { server, tokens, target, projectId } = at;
    const viewer = await server.newIdentity();
    await server.call("POST", `/api/v2/workspace/${projectId}/identity-memberships/${viewer.id}`, {
      token: tokens.admin,
      body: { roles: [{ role: "viewer" }] },
    });
    const heard = await server.call("GET", path(), { token: viewer.token });
    assert.equal(heard.body.dynamicSecret.inputs.host, target.host);
    assert.ok(!JSON.stringify(heard.body).includes(target.password));
  });
});
