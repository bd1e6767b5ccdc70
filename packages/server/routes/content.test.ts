/** Environments, folders and static secrets, as clients meet them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Heard, type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
let projectId: string;
before(async () => {
  server = await testServer();
  const made = await ask("POST", "/api/v2/workspace", { projectName: "Content", slug: "content" });
  projectId = made.body.project.id;
});
after(() => server?.stop());

const ask = (method: string, path: string, body?: unknown): Promise<Heard> =>
  server.call(method, path, { token: server.admin, body });
const place = (path: string) => ({ workspaceId: projectId, environment: "prod", secretPath: path });
const query = (path: string, more = {}) => new URLSearchParams({ ...place(path), ...more });
const raw = "/api/v3/secrets/raw";

test("a project starts with dev, staging and prod, and its creator as admin", async () => {
  const { body } = await ask("GET", `/api/v1/workspace/${projectId}`);
  assert.deepEqual(
    body.workspace.environments.map(({ slug }: { slug: string }) => slug),
    ["dev", "staging", "prod"],
  );
  const bare = await ask("POST", "/api/v2/workspace", { projectName: "Bare", shouldCreateDefaultEnvs: false });
  assert.deepEqual(bare.body.project.environments, []);
  assert.match(bare.body.project.slug, /^bare-[0-9a-f]{6}$/);
});

test("a slug that is taken is 400 and says what to do", async () => {
  const again = await ask("POST", "/api/v2/workspace", { projectName: "Again", slug: "content" });
  assert.equal(again.status, 400);
  assert.match(again.body.message, /choose another slug/);
});

test("a project protected from deletion stays", async () => {
  await ask("POST", "/api/v2/workspace", { projectName: "Safe", slug: "safe", hasDeleteProtection: true });
  assert.equal((await ask("DELETE", "/api/v2/workspace/safe")).status, 400);
  assert.equal((await ask("GET", "/api/v2/workspace/safe")).status, 200);
});

test("writing a secret makes its folders, and reading it gives it back", async () => {
  const value = 'väl\'ue\n"with" $everything';
  const made = await ask("POST", `${raw}/DEEP`, { ...place("/a/b/c"), secretValue: value, secretComment: "why" });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const read = await ask("GET", `${raw}/DEEP?${query("/a/b/c/")}`);
  assert.equal(read.body.secret.secretValue, value);
  assert.equal(read.body.secret.secretComment, "why");
  assert.equal(read.body.secret.secretPath, "/a/b/c");
  assert.equal(read.body.secret.workspace, projectId);
  const byId = await ask("GET", `${raw}/id/${made.body.secret.id}`);
  assert.deepEqual(byId.body, read.body);
  const folders = await ask(
    "GET",
    `/api/v1/folders?${new URLSearchParams({ workspaceId: projectId, environment: "prod", path: "/", recursive: "True" })}`,
  );
  const paths = folders.body.folders.map(({ relativePath }: { relativePath: string }) => relativePath);
  assert.deepEqual(paths, ["a", "a/b", "a/b/c"]);
});

test("a change counts the version up, keeps what it does not name, and can rename", async () => {
  await ask("POST", `${raw}/OLD`, { ...place("/v"), secretValue: "one", secretComment: "stays" });
  const changed = await ask("PATCH", `${raw}/OLD`, { ...place("/v"), secretValue: "two", newSecretName: "NEW" });
  assert.equal(changed.body.secret.version, 2);
  assert.equal(changed.body.secret.secretKey, "NEW");
  assert.equal(changed.body.secret.secretComment, "stays");
  assert.equal((await ask("GET", `${raw}/OLD?${query("/v")}`)).status, 404);
  assert.equal((await ask("POST", `${raw}/NEW`, { ...place("/v"), secretValue: "three" })).status, 400);
  assert.equal((await ask("GET", `${raw}/NEW?${query("/v")}`)).body.secret.secretValue, "two");
});

test("a value that is not asked for is hidden", async () => {
  await ask("POST", `${raw}/HIDE`, { ...place("/h"), secretValue: "canary-hidden" });
  for (const path of [`${raw}/HIDE`, raw, "/api/v4/secrets"]) {
    const heard = await ask("GET", `${path}?${query("/h", { viewSecretValue: "False" })}`);
    assert.equal(heard.status, 200);
    assert.ok(!JSON.stringify(heard.body).includes("canary-hidden"));
    assert.match(JSON.stringify(heard.body), /"secretValueHidden":true/);
  }
});

test("the list of a folder that is not there is empty, a single read in it 404", async () => {
  assert.deepEqual((await ask("GET", `/api/v4/secrets?${query("/none")}`)).body, { secrets: [], imports: [] });
  assert.equal((await ask("GET", `${raw}/X?${query("/none")}`)).status, 404);
  const nowhere = new URLSearchParams({ workspaceId: projectId, environment: "nowhere", secretPath: "/" });
  assert.equal((await ask("GET", `/api/v4/secrets?${nowhere}`)).status, 404);
});

test("a recursive list says of each secret where it lies", async () => {
  await ask("POST", `${raw}/TOP`, { ...place("/r"), secretValue: "1" });
  await ask("POST", `${raw}/BELOW`, { ...place("/r/s"), secretValue: "2" });
  await ask("POST", `${raw}/BESIDE`, { ...place("/rs"), secretValue: "3" });
  const { body } = await ask("GET", `/api/v4/secrets?${query("/r", { recursive: "true" })}`);
  assert.deepEqual(
    body.secrets.map(({ secretKey, secretPath }: Record<string, string>) => [secretKey, secretPath]),
    [
      ["TOP", "/r"],
      ["BELOW", "/r/s"],
    ],
  );
});

test("values and comments are sealed in the database (S13)", async () => {
  await ask("POST", `${raw}/SEALED`, { ...place("/s"), secretValue: "canary-at-rest", secretComment: "canary-note" });
  const { rows } = await server.running.store.pool.query("select s::text as text from secrets s");
  const all = rows.map(({ text }) => text).join();
  assert.match(all, /SEALED/);
  for (const canary of ["canary-at-rest", "canary-note"]) {
    assert.ok(!all.includes(canary) && !all.includes(Buffer.from(canary).toString("hex")));
  }
});

test("a folder is deleted by name or id with what is in it, the root stays", async () => {
  const where = { workspaceId: projectId, environment: "prod", path: "/" };
  const made = await ask("POST", "/api/v1/folders", { ...where, name: "byid", description: "" });
  assert.equal(made.body.folder.path, "/byid");
  await ask("POST", `${raw}/IN`, { ...place("/byid"), secretValue: "1" });
  assert.equal((await ask("POST", "/api/v1/folders", { ...where, name: "byid" })).status, 400);
  const root = await ask("GET", `/api/v2/folders/${made.body.folder.parentId}`);
  assert.equal(root.body.folder.path, "/");
  assert.equal((await ask("DELETE", `/api/v2/folders/${root.body.folder.id}`, where)).status, 400);
  const removed = await ask("DELETE", `/api/v2/folders/${made.body.folder.id}`, where);
  assert.equal(removed.body.folder.path, "/byid");
  assert.equal((await ask("GET", `${raw}/IN?${query("/byid")}`)).status, 404);
  await ask("POST", "/api/v1/folders", { ...where, name: "byname" });
  assert.equal((await ask("DELETE", "/api/v1/folders/byname", where)).status, 200);
  assert.equal((await ask("DELETE", "/api/v1/folders/byname", where)).status, 404);
});

test("an id deletes no folder that lies elsewhere than the path says", async () => {
  const where = { workspaceId: projectId, environment: "prod", path: "/else/where" };
  const made = await ask("POST", "/api/v1/folders", { ...where, name: "leaf" });
  const { id } = made.body.folder;
  for (const path of ["/", "/else", "/else/where/leaf"]) {
    assert.equal((await ask("DELETE", `/api/v2/folders/${id}`, { ...where, path })).status, 404, path);
  }
  assert.equal((await ask("DELETE", `/api/v2/folders/${id}`, { ...where, environment: "dev" })).status, 404);
  assert.equal((await ask("DELETE", `/api/v2/folders/${id}`, where)).status, 200);
});

test("paths that play tricks are refused before anything is looked up (S11)", async () => {
  for (const path of [
    "/a/../b",
    "/a/./b",
    "//a",
    "/a//b",
    "a",
    "/a\\b",
    "/%2e%2e",
    "/a\u0000",
    "/ä",
    "/a/%2fb",
    "/．．",
  ]) {
    const heard = await ask("GET", `/api/v4/secrets?${query(path)}`);
    assert.equal(heard.status, 422, path);
  }
});

test("an environment is made, changed and deleted, its slug unique in the project", async () => {
  const path = `/api/v1/workspace/${projectId}/environments`;
  const made = await ask("POST", path, { name: "QA", slug: "qa" });
  assert.equal(made.body.environment.position, 4);
  assert.equal((await ask("POST", path, { name: "QA", slug: "qa" })).status, 400);
  const { id } = made.body.environment;
  const changed = await ask("PATCH", `${path}/${id}`, { slug: "test" });
  assert.equal(changed.body.environment.slug, "test");
  assert.equal(changed.body.environment.name, "QA");
  assert.equal((await ask("GET", `/api/v1/workspace/environments/${id}`)).body.environment.slug, "test");
  assert.equal((await ask("DELETE", `${path}/${id}`)).status, 200);
  assert.equal((await ask("GET", `/api/v1/workspace/environments/${id}`)).status, 404);
});
