/** Every route of the contract, asked by every kind of caller, over real HTTP. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Route, type RouteName, routes } from "@dayfly/contract";
import { securityHeaders } from "./door.ts";
import { actorsMembersSee, actorsWalk } from "./testing/actors-walk.ts";
import { providerOf, type Scene, scene } from "./testing/callers.ts";
import { order } from "./testing/order.ts";
import { revokeNothing } from "./testing/own-requests.ts";
import { known, requestFor } from "./testing/requests.ts";
import type { Heard } from "./testing/server.ts";

let at: Scene;
let actors: ReturnType<typeof actorsWalk>;
before(async () => {
  at = await scene();
  actors = actorsWalk(at.server);
});
after(() => at?.stop());

type Caller = keyof Scene["tokens"];

async function ask(name: RouteName, caller: Caller): Promise<Heard> {
  const { path, body } = requestFor(name, at, actors);
  const token = (caller === "admin" && actors.sessionFor(name)) || at.tokens[caller];
  return at.server.call(routes[name].method, path, { token, body });
}

/** What is true of every answer. */
function checkHeaders(heard: Heard): void {
  for (const [header, value] of Object.entries(securityHeaders)) {
    assert.equal(heard.headers.get(header), value, header);
  }
  assert.equal(heard.headers.get("x-request-id"), heard.requestId);
  assert.match(heard.headers.get("content-type") ?? "", /json/);
  if (heard.status >= 400) {
    assert.equal(heard.body.reqId, heard.requestId);
    assert.equal(heard.body.statusCode, heard.status);
    assert.equal(typeof heard.body.message, "string");
  }
}

/** Moves a lease: recorded by the rows of the lease, of which there may be several. */
const movesLease: RouteName[] = ["createLease", "renewLease", "rotateLease", "deleteLease"];

async function checkAudit(name: RouteName, heard: Heard): Promise<void> {
  const rows = await at.server.auditOf(heard.requestId);
  const { audit } = routes[name];
  if (audit === "unaudited") {
    assert.equal(rows.length, 0);
  } else if (heard.status === 200 && movesLease.includes(name)) {
    assert.ok(rows.length > 0, "a request that moves a lease has the rows of the lease");
    assert.ok(rows.every((row) => row.event.startsWith("lease.")));
  } else {
    assert.deepEqual(
      rows.map((row) => row.event),
      [audit],
    );
    const denied = [401, 403, 429].includes(heard.status);
    assert.equal(rows[0]!.outcome, heard.status === 200 ? "done" : denied ? "denied" : "failed");
  }
}

describe("every route", () => {
  test("is in the walk", () => {
    const all: [string, Route][] = Object.entries(routes);
    // A stream has no end; its own test asks it.
    const ending = all.filter(([, { stream }]) => !stream).map(([name]) => name);
    assert.deepEqual([...order].sort(), ending.sort());
  });

  const refusals: { caller: Caller; project: number; organization: number }[] = [
    { caller: "nobody", project: 401, organization: 401 },
    { caller: "badToken", project: 403, organization: 403 },
    { caller: "foreign", project: 404, organization: 403 },
    { caller: "leaseOnly", project: 403, organization: 403 },
  ];
  // What a lease-only member holds, and what any member of the organization may do, are asked further down.
  const leaseOnlyMay: RouteName[] = [
    "listDynamicSecrets",
    "getDynamicSecret",
    "createLease",
    "listLeases",
    "listProjectLeases",
  ];
  const aboutALease: RouteName[] = [
    "renewLease",
    "rotateLease",
    "beatLease",
    "getLease",
    "getProjectLease",
    "getLeaseRevocation",
    "deleteLease",
  ];
  const anyMemberMay: RouteName[] = ["createProject", ...actorsMembersSee];

  for (const { caller, project, organization } of refusals) {
    test(`is refused to ${caller} with the headers, the body and the one row of a refusal`, async () => {
      const environments = await at.server.call("GET", "/api/v2/workspace/shop", { token: at.tokens.admin });
      known.environmentId = environments.body.environments[2].id;
      for (const name of order) {
        const { permission } = routes[name];
        if ("open" in permission) continue;
        if (permission.scope === "own" && ["leaseOnly", "foreign"].includes(caller)) continue;
        if (caller === "leaseOnly" && leaseOnlyMay.includes(name)) continue;
        if (caller === "foreign" && anyMemberMay.includes(name)) continue;
        const heard = await ask(name, caller);
        // By an id that names nothing, and by a lease that is nobody's: told like what is forbidden.
        const byId = ["getFolder", "getFolderV2", "getSecretById", "listSecretVersions"].includes(name);
        // `another` is not there yet.
        const hidden = byId || name === "deleteProject" || (caller === "leaseOnly" && aboutALease.includes(name));
        const isProject = permission.scope === "project";
        const expected = isProject && hidden && caller === "leaseOnly" ? 404 : isProject ? project : organization;
        assert.equal(heard.status, expected, `${name}: ${JSON.stringify(heard.body)}`);
        checkHeaders(heard);
        await checkAudit(name, heard);
      }
    });
  }

  test("answers an admin of the project and the organization, with one row a request", async () => {
    const { server, tokens } = at;
    for (const name of order) {
      if (name === "addIdentityMembership") known.otherIdentityId = (await server.newIdentity()).id;
      await actors.before(name);
      if (name === "getLeaseRevocation") known.revocationId = await revokeNothing(at);
      const heard = await ask(name, "admin");
      assert.equal(heard.status, 200, `${name}: ${JSON.stringify(heard.body)}`);
      checkHeaders(heard);
      await checkAudit(name, heard);
      if (name === "createEnvironment") known.spareEnvironmentId = heard.body.environment.id;
      if (name === "createFolder") known.folderId = heard.body.folder.id;
      if (name === "createSecret") known.secretId = heard.body.secret.id;
      if (name.startsWith("createSecretImport")) known.importId = heard.body.secretImport.id;
      if (name === "createIdentity") known.identityId = heard.body.identity.id;
      if (name === "createRole") known.roleId = heard.body.role.id;
      if (name === "createTag") known.tagId = heard.body.tag.id;
      if (name === "createWorkspaceTag") known.workspaceTagId = heard.body.workspaceTag.id;
      if (name === "addUserMemberships") known.membershipId = heard.body.memberships[0].id;
      actors.after(name, heard);
      if (name === "createLease") known.leaseId = heard.body.lease.id;
    }
    const rows = await server.running.store.sql.selectFrom("audit_events").select("body").execute();
    const all = JSON.stringify(rows);
    for (const secret of [
      "canary-value",
      ...actors.secrets(),
      at.target.password,
      server.running.bootstrap!.identity.clientSecret,
      tokens.admin,
    ]) {
      assert.ok(!all.includes(secret), "no secret is in the audit trail");
    }
  });
});

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
