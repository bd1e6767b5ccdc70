/** Projects, their environments and their tags, in each of the wire's forms. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ok, type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
let projectId: string;
let otherId: string;
before(async () => {
  server = await testServer();
  projectId = (await ask("POST", "/api/v2/workspace", { projectName: "Forms", slug: "forms" })).body.project.id;
  otherId = (await ask("POST", "/api/v2/workspace", { projectName: "Other", slug: "other" })).body.project.id;
});
after(() => server?.stop());

const ask: TestServer["ask"] = (...asked) => server.ask(...asked);

test("a project is the same by id, by slug in both forms, and in the lists", async () => {
  const { workspace } = ok(await ask("GET", `/api/v1/workspace/${projectId}`)).body;
  assert.deepEqual(ok(await ask("GET", "/api/v2/workspace/forms")).body, workspace);
  assert.deepEqual(ok(await ask("GET", "/api/v1/projects/slug/forms")).body, workspace);
  const { projects } = ok(await ask("GET", "/api/v1/projects")).body;
  assert.deepEqual(
    projects.find(({ id }: { id: string }) => id === projectId),
    workspace,
  );
  for (const path of ["/api/v2/workspace/nowhere", "/api/v1/projects/slug/nowhere"]) {
    assert.equal((await ask("GET", path)).status, 404);
  }
});

test("Terraform's update changes what it names, and a slug that is taken stays where it is", async () => {
  const path = `/api/v1/projects/${projectId}`;
  const sent = { projectId, slug: "forms", name: "Formulars", description: "", hasDeleteProtection: true };
  const { project } = ok(await ask("PATCH", path, sent)).body;
  assert.deepEqual(
    [project.name, project.slug, project.description, project.hasDeleteProtection],
    ["Formulars", "forms", "", true],
  );
  assert.equal(ok(await ask("PATCH", path, { hasDeleteProtection: false })).body.project.name, "Formulars");
  const taken = await ask("PATCH", path, { slug: "other" });
  assert.equal(taken.status, 400);
  assert.match(taken.body.message, /choose another slug/);
  for (const bad of [{ slug: "Not a slug" }, { name: "x".repeat(256) }, { description: "\u0000" }]) {
    assert.equal((await ask("PATCH", path, bad)).status, 422, JSON.stringify(bad));
  }
});

test("how long the audit log is kept is set in days and read back", async () => {
  const path = "/api/v1/workspace/forms/audit-logs-retention";
  const before = ok(await ask("GET", `/api/v1/workspace/${projectId}`)).body.workspace;
  assert.equal(before.auditLogsRetentionDays, null);
  ok(await ask("PUT", path, { auditLogsRetentionDays: 90 }));
  const after = ok(await ask("GET", `/api/v1/workspace/${projectId}`)).body.workspace;
  assert.equal(after.auditLogsRetentionDays, 90);
  for (const bad of [{}, { auditLogsRetentionDays: -1 }, { auditLogsRetentionDays: 1.5 }]) {
    assert.equal((await ask("PUT", path, bad)).status, 422);
  }
});

test("an environment by id alone is not taken for a project called environments", async () => {
  const bySlug = ok(await ask("GET", `/api/v1/projects/${projectId}/environments/slug/staging`)).body;
  assert.equal(bySlug.slug, "staging");
  assert.ok(Number.isInteger(bySlug.position));
  assert.deepEqual(ok(await ask("GET", `/api/v1/workspace/environments/${bySlug.id}`)).body, { environment: bySlug });
  assert.equal((await ask("GET", `/api/v1/projects/${projectId}/environments/slug/none`)).status, 404);
  for (const method of ["PATCH", "DELETE"]) {
    const heard = await ask(method, `/api/v1/workspace/${otherId}/environments/${bySlug.id}`, {});
    assert.equal(heard.status, 404, method);
  }
});

for (const [family, field] of [
  ["projects", "tag"],
  ["workspace", "workspaceTag"],
] as const) {
  test(`tags under /${family}: made, listed, read both ways, changed, deleted`, async () => {
    const path = `/api/v1/${family}/${projectId}/tags`;
    const slug = `from-${family}`;
    assert.equal((await ask("GET", `${path}/slug/${slug}`)).status, 404);
    const made = ok(await ask("POST", path, { slug, color: "" })).body[field];
    assert.deepEqual([made.slug, made.name, made.color, made.projectId], [slug, slug, "", projectId]);
    assert.deepEqual(ok(await ask("GET", `${path}/slug/${slug}`)).body[field], made);
    assert.deepEqual(ok(await ask("GET", `${path}/${made.id}`)).body[field], made);
    assert.ok(ok(await ask("GET", path)).body[`${field}s`].some(({ id }: { id: string }) => id === made.id));
    assert.equal((await ask("POST", path, { slug, color: "" })).status, 400);
    const changed = ok(await ask("PATCH", `${path}/${made.id}`, { color: "#3b82f6" })).body[field];
    assert.deepEqual([changed.slug, changed.name, changed.color], [slug, slug, "#3b82f6"]);
    for (const bad of [{ slug: "Not One" }, { slug: "a", color: "url(x)" }, { slug: "a", name: "" }, {}]) {
      assert.equal((await ask("POST", path, bad)).status, 422, JSON.stringify(bad));
    }
    const elsewhere = `/api/v1/${family}/${otherId}/tags/${made.id}`;
    for (const method of ["GET", "PATCH", "DELETE"]) {
      assert.equal((await ask(method, elsewhere, method === "PATCH" ? {} : undefined)).status, 404, method);
    }
    ok(await ask("DELETE", `${path}/${made.id}`));
    assert.equal((await ask("GET", `${path}/${made.id}`)).status, 404);
  });
}

test("a member of the organization finds no project that it is not in, under any name", async () => {
  const { token } = await server.newIdentity("member");
  for (const [method, path, body] of [
    ["GET", "/api/v1/projects/slug/forms"],
    ["PATCH", `/api/v1/projects/${projectId}`, { name: "Mine" }],
    ["PUT", "/api/v1/workspace/forms/audit-logs-retention", { auditLogsRetentionDays: 1 }],
    ["GET", `/api/v1/projects/${projectId}/environments/slug/dev`],
    ["GET", `/api/v1/projects/${projectId}/tags`],
    ["POST", `/api/v1/workspace/${projectId}/tags`, { slug: "mine" }],
  ] as const) {
    assert.equal((await ask(method, path, body, token)).status, 404, `${method} ${path}`);
  }
});
