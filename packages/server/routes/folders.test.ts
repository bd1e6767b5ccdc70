/** Folders under new names, as clients meet them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Heard, type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
let projectId: string;
before(async () => {
  server = await testServer();
  const made = await ask("POST", "/api/v2/workspace", { projectName: "Folders", slug: "folders" });
  projectId = made.body.project.id;
});
after(() => server?.stop());

const ask = (method: string, path: string, body?: unknown): Promise<Heard> =>
  server.call(method, path, { token: server.admin, body });
const place = (path: string) => ({ workspaceId: projectId, environment: "prod", path });
const raw = "/api/v3/secrets/raw";

async function make(path: string, name: string, more = {}): Promise<Heard["body"]> {
  const made = await ask("POST", "/api/v1/folders", { ...place(path), name, ...more });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return made.body.folder;
}

test("Terraform's update by id renames a folder, and all that is in it is found under the new path", async () => {
  const { id } = await make("/a", "old", { description: "before" });
  await ask("POST", `${raw}/KEY`, { ...place("/a/old/deep"), secretValue: "v" });
  await make("/a", "old-too");
  const body = { ...place("/a"), id, name: "new", description: "" };
  const changed = await ask("PATCH", `/api/v1/folders/${id}`, body);
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  const { path, version, description } = changed.body.folder;
  assert.deepEqual([path, version, description], ["/a/new", 2, ""]);
  const read = await ask("GET", `${raw}/KEY?${new URLSearchParams(place("/a/new/deep"))}`);
  assert.equal(read.body.secret.secretValue, "v");
  assert.equal((await ask("GET", `${raw}/KEY?${new URLSearchParams(place("/a/old/deep"))}`)).status, 404);
  const all = await ask("GET", `/api/v2/folders?${new URLSearchParams({ ...place("/a"), recursive: "true" })}`);
  const paths = all.body.folders.map(({ relativePath }: { relativePath: string }) => relativePath);
  assert.deepEqual(paths, ["new", "new/deep", "old-too"]);
});

test("a change without a new name keeps everything else, by name as by id, on both versions", async () => {
  await make("/b", "same", { description: "kept" });
  const by = await ask("PATCH", "/api/v2/folders/same", { ...place("/b"), name: "same" });
  assert.deepEqual([by.body.folder.description, by.body.folder.path], ["kept", "/b/same"]);
  const changed = await ask("PATCH", "/api/v1/folders/same", { ...place("/b"), name: "same", description: "new" });
  assert.equal(changed.body.folder.description, "new");
});

test("a name that is taken, a bad one and the root are refused, and nothing has moved", async () => {
  const { id, parentId } = await make("/c", "one");
  await make("/c", "two");
  await make("/c/one", "below");
  assert.equal((await ask("PATCH", `/api/v1/folders/${id}`, { ...place("/c"), name: "two" })).status, 400);
  for (const name of ["", "a/b", "..", "é", "x".repeat(65), undefined]) {
    assert.equal((await ask("PATCH", `/api/v1/folders/${id}`, { ...place("/c"), name })).status, 422, name);
  }
  const { body } = await ask("GET", `/api/v1/folders/${parentId}`);
  const root = await ask("PATCH", `/api/v1/folders/${body.folder.parentId}`, { ...place("/"), name: "root" });
  assert.equal(root.status, 400);
  const list = await ask("GET", `/api/v1/folders?${new URLSearchParams({ ...place("/c"), recursive: "true" })}`);
  assert.deepEqual(
    list.body.folders.map(({ relativePath }: { relativePath: string }) => relativePath),
    ["one", "one/below", "two"],
  );
});

test("an id renames no folder that lies elsewhere than the path says, nor one of another project", async () => {
  const { id } = await make("/d", "leaf");
  assert.equal((await ask("PATCH", `/api/v1/folders/${id}`, { ...place("/"), name: "x" })).status, 404);
  await ask("POST", "/api/v2/workspace", { projectName: "Folders 2", slug: "folders-2" });
  const elsewhere = { projectSlug: "folders-2", environment: "prod", path: "/d", name: "x" };
  assert.equal((await ask("PATCH", `/api/v1/folders/${id}`, elsewhere)).status, 404);
});

test("a name that would make a path below too long is refused", async () => {
  const deep = `/e/x${`/${"y".repeat(60)}`.repeat(16)}/z`;
  await ask("POST", `${raw}/KEY`, { ...place(deep), secretValue: "v" });
  const heard = await ask("PATCH", "/api/v1/folders/x", { ...place("/e"), name: "x".repeat(64) });
  assert.equal(heard.status, 400);
  assert.match(heard.body.message, /too long a path/);
});

test("a list says when a secret in a folder was last written", async () => {
  await make("/f", "empty");
  const made = await ask("POST", `${raw}/KEY`, { ...place("/f/full"), secretValue: "v" });
  const { body } = await ask("GET", `/api/v1/folders?${new URLSearchParams(place("/f"))}`);
  assert.deepEqual(
    body.folders.map(({ name, lastSecretModified }: Record<string, string>) => [name, lastSecretModified]),
    [
      ["empty", null],
      ["full", made.body.secret.updatedAt],
    ],
  );
});
