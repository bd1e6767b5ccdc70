/** Roles of a project's own making: what they are, what they let through, and who may give them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { providerOf, type Scene, scene } from "../testing/callers.ts";
import { ok, type TestServer } from "../testing/server.ts";

let at: Scene;
let roles: string;
before(async () => {
  at = await scene();
  roles = `/api/v1/projects/${at.projectId}/roles`;
});
after(() => at?.stop());

const ask: TestServer["ask"] = (...asked) => at.server.ask(...asked);

let made = 0;

/** A role of these rules. */
async function role(permissions: unknown[]): Promise<{ id: string; slug: string }> {
  const slug = `role-${++made}`;
  return ok(await ask("POST", roles, { slug, name: slug, permissions })).body.role;
}

/** An identity with one role of these rules, and its token. */
async function holder(
  ...permissions: unknown[]
): Promise<{ id: string; token: string; role: { id: string; slug: string } }> {
  const [identity, given] = [await at.server.newIdentity(), await role(permissions)];
  const member = `/api/v2/workspace/${at.projectId}/identity-memberships/${identity.id}`;
  ok(await ask("POST", member, { roles: [{ role: given.slug }] }));
  return { ...identity, role: given };
}

const inProd = (more: object) => ({ environment: "prod", ...more });
const where = (path: string) => ({ workspaceId: at.projectId, environment: "prod", secretPath: path });
const query = (path: string, more = {}) => new URLSearchParams({ ...where(path), ...more });
const raw = "/api/v3/secrets/raw";
const dynamic = "/api/v1/dynamic-secrets";

test("a role is made, listed beside the built-in ones, read, changed and deleted", async () => {
  const permissions = [{ subject: "secrets", action: "read", conditions: { secretPath: { $glob: "/a/**" } } }];
  const { body } = ok(await ask("POST", roles, { slug: "reader", name: "Reader", description: "d", permissions }));
  const { id } = body.role;
  assert.deepEqual(body.role.permissions, [{ ...permissions[0], action: ["read"] }]);
  assert.deepEqual(
    { slug: body.role.slug, name: body.role.name, description: body.role.description },
    { slug: "reader", name: "Reader", description: "d" },
  );
  for (const path of [`${roles}/${id}`, `${roles}/slug/reader`]) {
    assert.deepEqual(ok(await ask("GET", path)).body, body);
  }
  const listed = ok(await ask("GET", roles)).body.roles.map(({ slug }: { slug: string }) => slug);
  assert.deepEqual(listed.slice(0, 5), ["admin", "member", "viewer", "lease-only", "no-access"]);
  assert.ok(listed.includes("reader"));
  const viewer = ok(await ask("GET", `${roles}/slug/viewer`)).body.role;
  assert.ok(viewer.permissions.some(({ subject }: { subject: string }) => subject === "secrets"));
  const changed = ok(await ask("PATCH", `${roles}/${id}`, { name: "Readers", permissions: [] })).body.role;
  assert.deepEqual([changed.name, changed.slug, changed.permissions], ["Readers", "reader", []]);
  assert.equal((await ask("POST", roles, { slug: "reader", name: "x", permissions: [] })).status, 400);
  ok(await ask("DELETE", `${roles}/${id}`));
  assert.equal((await ask("GET", `${roles}/${id}`)).status, 404);
});

test("bad rules are 422 with the place of the fault, and nothing is kept", async () => {
  const bad = [{ subject: "secrets", action: ["read", "fly"] }];
  const heard = await ask("POST", roles, { slug: "bad", name: "Bad", permissions: bad });
  assert.equal(heard.status, 422);
  assert.deepEqual(heard.body.details[0].path, ["permissions", 0, "action"]);
  assert.equal((await ask("GET", `${roles}/slug/bad`)).status, 404);
});

test("another project's role is not there, neither to see nor to give", async () => {
  const { id, slug } = await role([]);
  const other = ok(await ask("POST", "/api/v2/workspace", { projectName: "Other" })).body.project.id;
  for (const method of ["GET", "PATCH", "DELETE"]) {
    const heard = await ask(method, `/api/v1/projects/${other}/roles/${id}`, method === "PATCH" ? {} : undefined);
    assert.equal(heard.status, 404, method);
  }
  const identity = await at.server.newIdentity();
  const member = `/api/v2/workspace/${other}/identity-memberships/${identity.id}`;
  assert.equal((await ask("POST", member, { roles: [{ role: slug }] })).status, 404);
  assert.equal((await ask("GET", member)).status, 404);
});

test("a role that somebody has stays", async () => {
  const { id, role } = await holder();
  assert.match((await ask("DELETE", `${roles}/${role.id}`)).body.message, /in use by 1/);
  ok(await ask("DELETE", `/api/v2/workspace/${at.projectId}/identity-memberships/${id}`));
  ok(await ask("DELETE", `${roles}/${role.id}`));
});

test("a change of a role holds on the next request of who has it", async () => {
  const { token, role } = await holder({ subject: "tags", action: "read" });
  const tags = `/api/v1/projects/${at.projectId}/tags`;
  ok(await ask("GET", tags, undefined, token));
  ok(await ask("PATCH", `${roles}/${role.id}`, { permissions: [] }));
  assert.equal((await ask("GET", tags, undefined, token)).status, 403);
});

describe("conditions", () => {
  before(async () => {
    for (const path of ["/app", "/app/web", "/application", "/other"]) {
      ok(await ask("POST", `${raw}/KEY`, { ...where(path), secretValue: `value of ${path}` }));
    }
    const secretMetadata = [{ key: "team", value: "web" }];
    ok(await ask("POST", `${raw}/MARKED`, { ...where("/app"), secretValue: "marked", secretMetadata }));
  });

  test("a path decides, and no spelling of it widens the right", async () => {
    const { token } = await holder({
      subject: "secrets",
      action: "read",
      conditions: inProd({ secretPath: { $glob: "/app/**" } }),
    });
    for (const path of ["/app", "/app/web", "/app/"]) {
      ok(await ask("GET", `${raw}/KEY?${query(path)}`, undefined, token));
    }
    for (const path of ["/", "/application", "/other", "/App", "/APP/web"]) {
      assert.equal((await ask("GET", `${raw}/KEY?${query(path)}`, undefined, token)).status, 403, path);
    }
    for (const path of ["/app/../other", "/app//web", "/app/%2e%2e/other", "/app/.", "/app\\web", "/app/．．/other"]) {
      assert.equal((await ask("GET", `${raw}/KEY?${query(path)}`, undefined, token)).status, 422, path);
    }
    const dev = query("/app", { environment: "dev" });
    assert.equal((await ask("GET", `${raw}/KEY?${dev}`, undefined, token)).status, 403);
    assert.equal((await ask("POST", `${raw}/NEW`, { ...where("/app"), secretValue: "x" }, token)).status, 403);
    const byId = ok(await ask("GET", `${raw}/KEY?${query("/other")}`)).body.secret.id;
    assert.equal((await ask("GET", `${raw}/id/${byId}`, undefined, token)).status, 403);
  });

  test("a list holds what may be read, and a forbidden part of it is left out", async () => {
    const { token } = await holder(
      { subject: "secrets", action: "read", conditions: { secretPath: { $glob: "/app/**" } } },
      { subject: "secrets", action: "read", conditions: { secretPath: "/app/web" }, inverted: true },
    );
    const list = await ask("GET", `/api/v4/secrets?${query("/app", { recursive: "true" })}`, undefined, token);
    const seen = ok(list).body.secrets.map(
      (one: { secretPath: string; secretKey: string }) => one.secretPath + one.secretKey,
    );
    assert.deepEqual(seen, ["/appKEY", "/appMARKED"]);
    assert.equal((await ask("GET", `/api/v4/secrets?${query("/app/web")}`, undefined, token)).status, 403);
  });

  test("metadata decides, of what is there and of what it becomes", async () => {
    const web = { metadata: { $elemMatch: { key: "team", value: "web" } } };
    const { token } = await holder({ subject: "secrets", action: ["read", "create", "edit"], conditions: web });
    ok(await ask("GET", `${raw}/MARKED?${query("/app")}`, undefined, token));
    assert.equal((await ask("GET", `${raw}/KEY?${query("/app")}`, undefined, token)).status, 403);
    const list = ok(await ask("GET", `/api/v4/secrets?${query("/app")}`, undefined, token)).body.secrets;
    assert.deepEqual(
      list.map(({ secretKey }: { secretKey: string }) => secretKey),
      ["MARKED"],
    );
    const write = (name: string, secretMetadata: unknown) =>
      ask("POST", `${raw}/${name}`, { ...where("/app"), secretValue: "x", secretMetadata }, token);
    assert.equal((await write("MINE", [{ key: "team", value: "web" }])).status, 200);
    assert.equal((await write("YOURS", [{ key: "team", value: "ops" }])).status, 403);
    assert.equal((await write("PLAIN", undefined)).status, 403);
    const change = (body: object) => ask("PATCH", `${raw}/MINE`, { ...where("/app"), ...body }, token);
    ok(await change({ secretValue: "y" }));
    assert.equal((await change({ secretMetadata: [] })).status, 403, "it may not be moved out of reach");
  });

  test("what forbids a name cannot be got round by renaming", async () => {
    const { token } = await holder(
      { subject: "secrets", action: ["read", "edit", "create"] },
      { subject: "secrets", action: "edit", conditions: { secretName: { $glob: "ROOT*" } }, inverted: true },
    );
    ok(await ask("POST", `${raw}/ROOT_KEY`, { ...where("/names"), secretValue: "x" }));
    ok(await ask("POST", `${raw}/FREE`, { ...where("/names"), secretValue: "x" }));
    const rename = (from: string, newSecretName: string) =>
      ask("PATCH", `${raw}/${from}`, { ...where("/names"), newSecretName }, token);
    assert.equal((await rename("ROOT_KEY", "MINE")).status, 403);
    assert.equal((await rename("FREE", "ROOT_2")).status, 403);
    ok(await rename("FREE", "FREER"));
  });

  test("whose rights depend on an environment does not rename one", async () => {
    const { token } = await holder(
      { subject: "environments", action: ["read", "edit"] },
      { subject: "secrets", action: "read", conditions: { environment: { $ne: "staging" } } },
    );
    const one = ok(
      await ask("GET", `/api/v1/projects/${at.projectId}/environments/slug/staging`, undefined, token),
    ).body;
    const path = `/api/v1/workspace/${at.projectId}/environments/${one.id}`;
    assert.equal((await ask("PATCH", path, { slug: "dev-2" }, token)).status, 403);
    ok(await ask("PATCH", path, { slug: "staging", name: "Stage" }, token));
  });

  test("whose rights depend on a path renames no folder, and describes one", async () => {
    ok(await ask("POST", `${raw}/KEY`, { ...where("/kept"), secretValue: "v" }));
    const { token } = await holder(
      { subject: "secret-folders", action: "edit" },
      { subject: "secrets", action: "read", inverted: true, conditions: { secretPath: { $glob: "/kept/**" } } },
    );
    const rename = (name: string) =>
      ask("PATCH", "/api/v1/folders/kept", { ...where("/"), name, description: "d" }, token);
    assert.equal((await rename("freed")).status, 403);
    ok(await rename("kept"));
  });

  test("folders are made along the way only where each may be made", async () => {
    const { token } = await holder(
      { subject: "secrets", action: "create", conditions: { secretPath: { $glob: "/made/**" } } },
      { subject: "secret-folders", action: "create", conditions: { secretPath: { $glob: "/made/**" } } },
    );
    const write = (path: string) => ask("POST", `${raw}/KEY`, { ...where(path), secretValue: "x" }, token);
    assert.equal((await write("/made/deep")).status, 404, "/made would lie in the root");
    ok(await ask("POST", "/api/v1/folders", { ...where("/"), name: "made" }));
    const folder = { workspaceId: at.projectId, environment: "prod", path: "/made", name: "deep" };
    ok(await ask("POST", "/api/v1/folders", folder, token));
    ok(await write("/made/deep"));
    assert.equal((await ask("POST", "/api/v1/folders", { ...folder, path: "/" }, token)).status, 403);
  });
});

describe("leases", () => {
  const lease = (token?: string) =>
    ask("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: "postgres", ttl: "10m" }, token);
  const dynamicRole = (...action: string[]) => ({ subject: "dynamic-secrets", action });

  test("making, reading, renewing and revoking are rights apart", async () => {
    const { token } = await holder(dynamicRole("lease-create", "lease-read-own"));
    const { id } = ok(await lease(token)).body.lease;
    const own = `${dynamic}/leases/${id}`;
    ok(await ask("GET", `${own}?${at.query}`, undefined, token));
    assert.equal((await ask("POST", `${own}/renew`, { ...at.loc, ttl: "1m" }, token)).status, 403);
    assert.equal((await ask("DELETE", own, at.loc, token)).status, 403);
    const theirs = ok(await lease()).body.lease.id;
    assert.equal((await ask("GET", `${dynamic}/leases/${theirs}?${at.query}`, undefined, token)).status, 404);
    const listed = ok(await ask("GET", `${dynamic}/postgres/leases?${at.query}`, undefined, token)).body.leases;
    assert.deepEqual(
      listed.map((one: { id: string }) => one.id),
      [id],
    );
    const project = ok(await ask("GET", `/api/v1/projects/${at.projectId}/leases`, undefined, token)).body.leases;
    assert.deepEqual(
      project.map((one: { id: string }) => one.id),
      [id],
    );
  });

  test("who may end any lease need not be able to make one", async () => {
    const { token } = await holder(dynamicRole("lease-revoke-any", "lease-read-any"));
    assert.equal((await lease(token)).status, 403);
    const { id } = ok(await lease()).body.lease;
    ok(await ask("GET", `${dynamic}/leases/${id}?${at.query}`, undefined, token));
    ok(await ask("DELETE", `${dynamic}/leases/${id}`, at.loc, token));
  });

  test("metadata of the dynamic secret decides over its leases too", async () => {
    const metadata = [{ key: "class", value: "low" }];
    const body = { ...at.loc, name: "low", provider: providerOf(at.target), defaultTTL: "1h", metadata };
    ok(await ask("POST", dynamic, body));
    const low = { metadata: { $elemMatch: { key: "class", value: "low" } } };
    const { token } = await holder({ ...dynamicRole("lease"), conditions: low });
    const make = (dynamicSecretName: string) =>
      ask("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName }, token);
    const { id } = ok(await make("low")).body.lease;
    const mine = ok(await ask("GET", `/api/v1/projects/${at.projectId}/leases`, undefined, token)).body.leases;
    assert.deepEqual(
      mine.map((one: { id: string }) => one.id),
      [id],
    );
    assert.equal((await make("postgres")).status, 403);
    ok(await ask("DELETE", `${dynamic}/leases/${id}`, at.loc, token));
    const other = ok(await lease()).body.lease.id;
    assert.equal((await ask("DELETE", `${dynamic}/leases/${other}`, at.loc, token)).status, 404);
    const list = ok(await ask("GET", `${dynamic}?${at.query}`, undefined, token)).body.dynamicSecrets;
    assert.deepEqual(
      list.map(({ name }: { name: string }) => name),
      ["low"],
    );
  });
});

describe("nobody gives more than they have", () => {
  const manage = [
    { subject: "role", action: ["read", "create", "edit", "delete"] },
    { subject: "identity", action: ["read", "create", "edit"] },
    { subject: "member", action: ["read", "create", "edit"] },
  ];
  const inApp = { conditions: { secretPath: { $glob: "/app/**" } } };
  const create = (permissions: unknown[], token: string) =>
    ask("POST", roles, { slug: `given-${++made}`, name: "Given", permissions }, token);

  test("a role of wider rules is 403 and says which, of narrower ones is made", async () => {
    const { token } = await holder(...manage, { subject: "secrets", action: "read", ...inApp });
    ok(await create([{ subject: "secrets", action: "read", conditions: { secretPath: "/app/web" } }], token));
    ok(await create(manage, token));
    for (const wider of [
      { subject: "secrets", action: "read" },
      { subject: "secrets", action: "edit", ...inApp },
      { subject: "secrets", action: "read", conditions: { secretPath: { $glob: "/app*" } } },
      { subject: "dynamic-secrets", action: "lease" },
    ]) {
      const heard = await create([wider], token);
      assert.equal(heard.status, 403, JSON.stringify(wider));
      assert.equal(heard.body.error, "PermissionDenied");
      assert.equal(heard.body.details[0].subject, wider.subject);
      const rows = await at.server.auditOf(heard.requestId);
      assert.deepEqual(
        rows.map(({ event, outcome }) => [event, outcome]),
        [["create-role", "denied"]],
      );
    }
  });

  test("nor by changing a role, least of all the own one", async () => {
    const { token, role } = await holder(...manage, { subject: "secrets", action: "read" });
    const all = [...manage, { subject: "secrets", action: ["read", "edit"] }];
    assert.equal((await ask("PATCH", `${roles}/${role.id}`, { permissions: all }, token)).status, 403);
    ok(await ask("PATCH", `${roles}/${role.id}`, { name: "Harmless" }, token));
  });

  test("nor by taking out what forbids", async () => {
    const deny = { subject: "secrets", action: "read", conditions: { environment: "prod" }, inverted: true };
    const { token, role } = await holder(...manage, { subject: "secrets", action: "read" }, deny);
    const without = { permissions: [...manage, { subject: "secrets", action: "read" }] };
    assert.equal((await ask("PATCH", `${roles}/${role.id}`, without, token)).status, 403);
    ok(await create([{ subject: "secrets", action: "read" }, deny], token));
  });

  test("nor by giving a role that is there, to a machine or to a person", async () => {
    const { token, role } = await holder(...manage);
    const identity = await at.server.newIdentity();
    const member = `/api/v2/workspace/${at.projectId}/identity-memberships/${identity.id}`;
    const people = `/api/v1/projects/${at.projectId}/memberships`;
    const { email } = at.server.running.bootstrap!.admin;
    const secrets = [{ environment: "prod", path: "/database", name: "postgres" }];
    for (const [method, path, body] of [
      ["POST", member, { roles: [{ role: "admin" }] }],
      ["POST", member, { roles: [{ role: role.slug }, { role: "viewer" }] }],
      ["POST", member, { roles: [{ role: "lease-only", secrets }] }],
      ["POST", people, { emails: [email] }],
    ] as const) {
      assert.equal((await ask(method, path, body, token)).status, 403, JSON.stringify(body));
    }
    ok(await ask("POST", member, { roles: [{ role: role.slug }, { role: "no-access" }] }, token));
    assert.equal((await ask("PATCH", member, { roles: [{ role: "admin" }] }, token)).status, 403);
    ok(await ask("PATCH", member, { roles: [{ role: role.slug }] }, token));
    assert.equal((await ask("GET", member)).body.identityMembership.roles[0].customRoleSlug, role.slug);
  });

  test("nor what is left of a prohibition that ends sooner", async () => {
    const deny = { subject: "tags", action: "read", inverted: true };
    const { token } = await holder(...manage, { subject: "tags", action: ["read", "edit"] }, deny);
    const allowing = await role([{ subject: "tags", action: ["read", "edit"] }]);
    const denying = await role([deny]);
    const identity = await at.server.newIdentity();
    const member = `/api/v2/workspace/${at.projectId}/identity-memberships/${identity.id}`;
    const heard = await ask("POST", member, { roles: [{ role: allowing.slug }, { role: denying.slug }] }, token);
    assert.equal(heard.status, 403, "each role is looked at by itself");
  });
});
