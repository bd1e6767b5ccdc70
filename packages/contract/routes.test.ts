import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import type { Place, Route } from "./route.ts";
import { readInput } from "./route.ts";
import { routes } from "./routes.ts";

const all: [string, Route][] = Object.entries(routes);
const uuid = "0198d2a4-1f5e-7c3a-9d2b-3f4a5b6c7d8e";
const loc = { projectSlug: "my-project", environmentSlug: "prod", path: "/database/dynamic" };
const where = { project: { slug: "my-project" }, environment: "prod", path: "/database/dynamic" };

function input<R extends Route>(route: R, raw: { params?: unknown; query?: unknown; body?: unknown }) {
  const read = readInput(route, { params: raw.params, query: raw.query, body: raw.body });
  if ("issues" in read) assert.fail(JSON.stringify(read.issues));
  return read.input;
}

function refused(route: Route, raw: { params?: unknown; query?: unknown; body?: unknown }): string[] {
  const read = readInput(route, { params: raw.params, query: raw.query, body: raw.body });
  return "issues" in read ? read.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) : [];
}

test("no two routes answer the same method and address", () => {
  const addresses = all.map(([, { method, path }]) => `${method} ${path.replace(/:\w+/g, ":")}`);
  assert.deepEqual([...new Set(addresses)], addresses);
});

test("every parameter of an address is declared, and no other", () => {
  for (const [name, { path, params }] of all) {
    const inPath = [...path.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter);
    const declared = Object.keys((params as z.ZodObject).shape);
    assert.deepEqual(declared.sort(), inPath.sort(), name);
  }
});

test("a project's route says its place, and no other does", () => {
  for (const [name, { permission, place }] of all) {
    assert.equal(place !== undefined, "scope" in permission && permission.scope === "project", name);
  }
});

test("only what tells nothing about anybody is unaudited, and only that and signing in is open", () => {
  const named = (which: (route: Route) => boolean) => all.filter(([, route]) => which(route)).map(([name]) => name);
  const unaudited = ["getStatus", "getHealth", "getReadiness", "getOpenApi"];
  assert.deepEqual(
    named(({ audit }) => audit === "unaudited"),
    unaudited,
  );
  assert.deepEqual(
    named(({ permission }) => "open" in permission),
    ["universalAuthLogin", "renewToken", "revokeToken", "loginUser", "acceptLink", ...unaudited],
  );
  for (const [name, { audit }] of all) assert.match(audit, /^[a-z]+(-[a-z]+)*$/, name);
});

test("a GET declares no body", () => {
  for (const [name, { method, body }] of all) {
    if (method === "GET") assert.deepEqual(Object.keys((body as z.ZodObject).shape), [], name);
  }
});

test("the Go client's lease create, with its empty ttl and config, asks for the defaults", () => {
  const read = input(routes.createLease, { body: { dynamicSecretName: "PG-Read", ...loc, ttl: "", config: {} } });
  assert.deepEqual(read.body, {
    dynamicSecretName: "pg-read",
    ...where,
    ttl: null,
    config: {},
    waitFor: null,
    heartbeat: null,
  });
  assert.deepEqual(routes.createLease.place!(read), { ...where, name: "pg-read" });
});

test("a lease may ask what is waited for, and for how long, up to a minute", () => {
  const body = { dynamicSecretName: "pg", ...loc };
  const read = input(routes.createLease, { body: { ...body, wait: "login", waitFor: "60s" } });
  assert.deepEqual([read.body.wait, read.body.waitFor?.seconds], ["login", 60]);
  assert.equal(input(routes.createLease, { body: { ...body, wait: "" } }).body.wait, undefined);
  assert.deepEqual(refused(routes.createLease, { body: { ...body, wait: "soon", waitFor: "61s" } }), [
    'wait: must be "none", "api" or "login"',
    'waitFor: must be at most 60s, for example "30s"',
  ]);
});

test("the Go client's extra fields on renew and revoke are dropped", () => {
  const body = { ...loc, leaseId: uuid, isForced: false, ttl: "" };
  assert.deepEqual(input(routes.renewLease, { params: { leaseId: uuid }, body }).body, { ...where, ttl: null });
  assert.deepEqual(input(routes.deleteLease, { params: { leaseId: uuid }, body }).body, { ...where, isForced: false });
});

test("the agent's secretPath is the path, and two names that disagree are refused", () => {
  const params = { leaseId: uuid };
  const { path, ...rest } = loc;
  assert.equal(input(routes.getLease, { params, query: { ...rest, secretPath: path } }).query.path, path);
  assert.equal(input(routes.getLease, { params, query: { ...loc, secretPath: `${path}/` } }).query.path, path);
  assert.equal(input(routes.getLease, { params, query: { ...rest, secretPath: "" } }).query.path, "/");
  assert.match(
    refused(routes.getLease, { params, query: { ...loc, secretPath: "/other" } })[0]!,
    /^path: .* secretPath$/,
  );
  assert.match(refused(routes.getLease, { params, query: { ...loc, path: ["/a", "/b"] } })[0]!, /^path: /);
});

test("a place needs a project and an environment, and an id wins over a slug", () => {
  assert.deepEqual(refused(routes.listSecrets, {}), ["projectSlug: is required", "environmentSlug: is required"]);
  const query = { workspaceId: uuid.toUpperCase(), workspaceSlug: "my-project", environment: "prod" };
  assert.deepEqual(input(routes.listSecretsV3, { query }).query.project, { id: uuid });
  const both = { projectId: uuid, workspaceId: crypto.randomUUID(), environment: "prod" };
  assert.match(refused(routes.listSecrets, { query: both })[0]!, /^projectId: must be the same as workspaceId/);
});

test("booleans in a query are read without regard to case", () => {
  const query = { projectId: uuid, environment: "prod", secretPath: "/" };
  for (const [text, value] of [
    ["True", true],
    ["false", false],
    ["FALSE", false],
    ["", true],
  ] as const) {
    const read = input(routes.listSecrets, { query: { ...query, viewSecretValue: text } });
    assert.equal(read.query.viewSecretValue, value, text);
  }
  for (const text of ["yes", "1", ["true"], {}]) {
    assert.equal(refused(routes.listSecrets, { query: { ...query, viewSecretValue: text } }).length, 1);
  }
});

test("Terraform's secret, with its empty strings and zeros, is an ordinary one", () => {
  const read = input(routes.createSecret, {
    params: { secretName: "DB_ADMIN_PASS" },
    body: {
      ...{ workspaceId: uuid, environment: "prod", secretPath: "/", type: "shared", secretKey: "DB_ADMIN_PASS" },
      ...{ secretValue: "v", secretComment: "", secretReminderNote: "", secretReminderRepeatDays: 0, tagIds: [] },
    },
  });
  const { project, environment, path, ...own } = read.body;
  assert.deepEqual({ project, environment, path }, { project: { id: uuid }, environment: "prod", path: "/" });
  const unset = { secretComment: "", secretReminderNote: "", secretReminderRepeatDays: 0, tagIds: [] };
  assert.deepEqual(own, { type: "shared", secretValue: "v", ...unset });
});

test("references are filled in by default, but not where Terraform compares what it wrote", () => {
  const query = { projectId: uuid, environment: "prod" };
  assert.equal(input(routes.listSecrets, { query }).query.expandSecretReferences, true);
  const params = { secretName: "KEY" };
  assert.equal(input(routes.getSecret, { params, query }).query.expandSecretReferences, true);
  const byId = input(routes.getSecretById, { params: { secretId: uuid }, query: {} });
  assert.equal(byId.query.expandSecretReferences, false);
});

test("the version, the tags and the page of a read are checked", () => {
  const query = { projectId: uuid, environment: "prod" };
  const params = { secretName: "KEY" };
  assert.equal(input(routes.getSecret, { params, query: { ...query, version: "2" } }).query.version, 2);
  assert.equal(input(routes.getSecret, { params, query: { ...query, version: "" } }).query.version, undefined);
  for (const version of ["0", "-1", "1.5", "x", "1e9999"]) {
    assert.equal(refused(routes.getSecret, { params, query: { ...query, version } }).length, 1, version);
  }
  assert.deepEqual(input(routes.listSecrets, { query: { ...query, tagSlugs: "a, b" } }).query.tagSlugs, ["a", "b"]);
  assert.equal(input(routes.listSecrets, { query: { ...query, tagSlugs: "" } }).query.tagSlugs, undefined);
  assert.notEqual(refused(routes.listSecrets, { query: { ...query, tagSlugs: "a,,b" } }).length, 0);
  const page = (more: object) => ({ params: { secretId: uuid }, query: more });
  const read = input(routes.listSecretVersions, page({ limit: "5", offset: "10" })).query;
  assert.deepEqual([read.limit, read.offset], [5, 10]);
  for (const more of [{ limit: "0" }, { limit: "101" }, { offset: "-1" }, { limit: "x" }]) {
    assert.equal(refused(routes.listSecretVersions, page(more)).length, 1, JSON.stringify(more));
  }
});

test("a secret's name is nothing that a URL reads otherwise", () => {
  const body = { projectId: uuid, environment: "prod", secretValue: "" };
  for (const secretName of ["", ".", "..", "a/b", "a?b", "a#b", "a%b", "a b", "a\\b", "a\0", "é", "x".repeat(256)]) {
    assert.equal(refused(routes.createSecret, { params: { secretName }, body }).length, 1, secretName);
  }
  for (const secretName of ["DB_USER", "a.b-c", "x".repeat(255), "...a"]) {
    assert.deepEqual(refused(routes.createSecret, { params: { secretName }, body }), [], secretName);
  }
});

const draft = {
  name: "pg",
  provider: { type: "sql-database", inputs: { host: "h" } },
  defaultTTL: "2h",
  maxTTL: "4h",
  ...loc,
};

test("Terraform's dynamic secret is read with its texts kept", () => {
  const { body } = input(routes.createDynamicSecret, {
    body: { ...draft, defaultTTL: "2 hours", usernameTemplate: "" },
  });
  assert.deepEqual(body.defaultTTL, { text: "2 hours", seconds: 7200 });
  assert.equal(body.usernameTemplate, undefined);
  assert.equal(input(routes.createDynamicSecret, { body: { ...draft, maxTTL: "" } }).body.maxTTL, null);
});

test("a default TTL above the maximum is refused at create and at update", () => {
  const ttls = { defaultTTL: "5h", maxTTL: "4h" };
  const expected = /^(data\.)?defaultTTL: must not be longer than maxTTL$/;
  assert.match(refused(routes.createDynamicSecret, { body: { ...draft, ...ttls } })[0]!, expected);
  const params = { name: "pg" };
  assert.match(refused(routes.updateDynamicSecret, { params, body: { ...loc, data: ttls } })[0]!, expected);
});

test("a name that cannot be a dynamic secret's is refused", () => {
  for (const name of ["leases", "Upper", "", "a b", "a/b", "-a", "x".repeat(65), "{{a}}", "a'; DROP", "ünï"]) {
    assert.match(refused(routes.createDynamicSecret, { body: { ...draft, name } })[0] ?? name, /^name: must/);
  }
});

test("an update tells keeping from taking away", () => {
  const update = (data: object) =>
    input(routes.updateDynamicSecret, { params: { name: "PG" }, body: { ...loc, name: "pg", data } }).body.data;
  assert.deepEqual({ ...update({}) }, {});
  assert.deepEqual(update({ maxTTL: "", usernameTemplate: "", defaultTTL: "", newName: "" }), {
    ...{ maxTTL: null, usernameTemplate: null, defaultTTL: undefined, newName: undefined },
  });
  assert.equal(update({ usernameTemplate: "{{randomUsername}}" }).usernameTemplate, "{{randomUsername}}");
});

test("inputs may be 32 levels deep and not deeper, however deep they are", () => {
  const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
  const withInputs = (inputs: unknown) => ({ body: { ...draft, provider: { type: "sql-database", inputs } } });
  assert.deepEqual(refused(routes.createDynamicSecret, withInputs(nested(32))), []);
  for (const levels of [33, 5000]) {
    assert.match(refused(routes.createDynamicSecret, withInputs(nested(levels)))[0]!, /32 levels/);
  }
  for (const inputs of [[], "x", null, 1])
    assert.equal(refused(routes.createDynamicSecret, withInputs(inputs)).length, 1);
});

test("a name inside inputs that is too long is refused without being repeated", () => {
  const inputs = { ["hunter2".repeat(100)]: 1 };
  const issues = refused(routes.createDynamicSecret, {
    body: { ...draft, provider: { type: "sql-database", inputs } },
  });
  assert.deepEqual(issues, ["provider.inputs: must not have names over 128 characters"]);
});

test("a body of a megabyte of wrong items has a short answer", () => {
  const roles = Array(500_000).fill(0);
  const params = { projectId: uuid, identityId: uuid };
  assert.ok(refused(routes.addIdentityMembership, { params, body: { roles } }).length <= 100);
});

test("the seed's folders are made under their paths, with Python's and Terraform's names for the place", () => {
  const body = { name: "dynamic", environment: "prod", path: "/database", description: "" };
  for (const route of [routes.createFolder, routes.createFolderV2]) {
    for (const project of [{ workspaceId: uuid }, { projectId: uuid }]) {
      assert.equal(input(route, { body: { ...body, ...project } }).body.path, "/database");
    }
  }
  const params = { folderIdOrName: "dynamic" };
  const asCli = { folderName: "dynamic", workspaceId: uuid, environment: "prod", directory: "/database" };
  assert.equal(input(routes.deleteFolder, { params, body: asCli }).body.path, "/database");
});

const giving = (...roles: unknown[]) => ({ params: { projectId: uuid, identityId: uuid }, body: { roles } });

test("Terraform's lasting role, with its empty temporary fields, is a lasting one", () => {
  const now = "2026-01-02T03:04:05Z";
  const empty = { isTemporary: false, temporaryMode: "", temporaryRange: "", temporaryAccessStartTime: now };
  const ours = { role: "lease-only", secrets: [{ environment: "prod", path: "/database/dynamic/", name: "PG" }] };
  const read = input(routes.addIdentityMembership, giving(ours, { role: "admin", ...empty }, { role: "our-own" }));
  assert.deepEqual(read.body.roles, [
    { role: "lease-only", secrets: [{ environment: "prod", path: "/database/dynamic", name: "pg" }] },
    { role: "admin" },
    { role: "our-own" },
  ]);
});

test("a temporary role has an end", () => {
  const temporary = {
    ...{ role: "member", isTemporary: true, temporaryMode: "relative", temporaryRange: "1.5h" },
    temporaryAccessStartTime: "2026-01-02T03:04:05+01:00",
  };
  const read = input(routes.updateIdentityMembership, giving(temporary));
  assert.deepEqual(read.body.roles[0]!.temporary, {
    range: "1.5h",
    start: "2026-01-02T02:04:05.000Z",
    end: "2026-01-02T03:34:05.000Z",
  });
  const field = (change: object) => refused(routes.updateIdentityMembership, giving({ ...temporary, ...change }))[0]!;
  assert.match(field({ temporaryRange: "" }), /^roles.0.temporaryRange: must be a duration/);
  assert.match(field({ temporaryRange: "1s" }), /^roles.0.temporaryRange: /);
  assert.match(field({ temporaryAccessStartTime: "" }), /^roles.0.temporaryAccessStartTime: is required/);
  assert.match(field({ temporaryAccessStartTime: "soon" }), /^roles.0.temporaryAccessStartTime: must be a time/);
  assert.match(field({ temporaryMode: "absolute" }), /^roles.0.temporaryMode: must be "relative"/);
});

test("what would be half kept is refused: secrets of other roles, none of lease-only, no role", () => {
  const secrets = [{ environment: "prod", path: "/", name: "pg" }];
  for (const roles of [
    [{ role: "lease-only", secrets: [] }],
    [{ role: "lease-only" }],
    [{ role: "viewer", secrets }],
    [{ role: "no such role" }],
    [],
  ]) {
    assert.equal(refused(routes.addIdentityMembership, giving(...roles)).length, 1, JSON.stringify(roles));
  }
});

test("a trusted address is IPv4 or IPv6, or a range of them, and nothing else", () => {
  const auth = (ipAddress: string) => ({
    params: { identityId: uuid },
    body: { clientSecretTrustedIps: [{ ipAddress }] },
  });
  for (const good of ["0.0.0.0/0", "::/0", "10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "::1"]) {
    assert.deepEqual(refused(routes.attachUniversalAuth, auth(good)), [], good);
  }
  for (const bad of ["", "10.0.0.0/33", "10.0.0/8", "::/129", "fe80::1%eth0", "example.org", "::ffff:10.0.0.1", "1'"]) {
    assert.match(
      refused(routes.attachUniversalAuth, auth(bad))[0] ?? bad,
      /^clientSecretTrustedIps.0.ipAddress: must be/,
    );
  }
  const nowhere = { params: { identityId: uuid }, body: { accessTokenTrustedIps: [] } };
  assert.match(refused(routes.updateUniversalAuth, nowhere)[0]!, /leave it out for anywhere/);
  const long = { params: { identityId: uuid }, body: { accessTokenTTL: 61, accessTokenMaxTTL: 60 } };
  assert.deepEqual(refused(routes.attachUniversalAuth, long), [
    "accessTokenTTL: must not be longer than accessTokenMaxTTL",
  ]);
});

test("a new password is long and no mere pattern", () => {
  const body = (password: string) => ({ body: { token: "t", password } });
  for (const bad of ["", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "abababababab", "x1y2z".repeat(60)]) {
    assert.match(refused(routes.acceptLink, body(bad))[0] ?? bad, /^password: must/);
  }
  assert.deepEqual(refused(routes.acceptLink, body("a long enough phrase")), []);
});

test("a by-id route's place is whatever holds the id", () => {
  const places: Place[] = [
    routes.getEnvironment.place!(input(routes.getEnvironment, { params: { environmentId: uuid } })),
    routes.getFolder.place!(input(routes.getFolder, { params: { folderId: uuid } })),
    routes.getSecretById.place!(input(routes.getSecretById, { params: { secretId: uuid } })),
  ];
  const holding = ["environment", "folder", "secret"];
  assert.deepEqual(
    places,
    holding.map((kind) => ({ project: { holding: kind, id: uuid } })),
  );
});

test("a reply lets out only what is declared, and times as text", () => {
  const date = new Date(0);
  const row = { id: uuid, version: 1, externalEntityId: "u", expireAt: date, status: null, statusDetails: null };
  const answer = { ...row, dynamicSecretId: uuid, createdAt: date, updatedAt: date, config: null };
  const reply = routes.renewLease.reply.parse({
    lease: { ...answer, keep: "sealed", owner: {} },
    data: { password: "x" },
  });
  const iso = "1970-01-01T00:00:00.000Z";
  assert.deepEqual(reply, { lease: { ...answer, expireAt: iso, createdAt: iso, updatedAt: iso } });
});
