/** Imports of folders, as clients meet them. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of it
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Heard, type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
let projectId: string;
before(async () => {
  server = await testServer();
  const made = await ask("POST", "/api/v2/workspace", { projectName: "Imports", slug: "imports" });
  projectId = made.body.project.id;
});
after(() => server?.stop());

const raw = "/api/v3/secrets/raw";
const imports = "/api/v2/secret-imports";
const ask = (method: string, path: string, body?: unknown): Promise<Heard> =>
  server.call(method, path, { token: server.admin, body });
const place = (path: string, environment = "prod") => ({ projectId, environment, path });
const query = (path: string, more = {}) => new URLSearchParams({ ...place(path), ...more });

async function put(path: string, values: Record<string, string>, environment = "prod"): Promise<void> {
  for (const [key, secretValue] of Object.entries(values)) {
    const made = await ask("POST", `${raw}/${key}`, { ...place(path, environment), secretValue });
    assert.equal(made.status, 200, JSON.stringify(made.body));
  }
}

async function link(into: string, from: string, environment = "prod"): Promise<Heard["body"]> {
  const made = await ask("POST", imports, { ...place(into), import: { environment, path: from } });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return made.body.secretImport;
}

/** The imports of a list as [path, key=value…]. */
async function read(path: string, more = {}): Promise<string[][]> {
  const heard = await ask("GET", `/api/v4/secrets?${query(path, { includeImports: "true", ...more })}`);
  assert.equal(heard.status, 200, JSON.stringify(heard.body));
  return heard.body.imports.map((entry: { secretPath: string; secrets: Record<string, string>[] }) => [
    entry.secretPath,
    ...entry.secrets.map(({ secretKey, secretValue }) => `${secretKey}=${secretValue}`),
  ]);
}

test("an import is made last in order, with its folder where that is missing, and listed on both versions", async () => {
  const made = await link("/made/deep", "/shared", "dev");
  const { importEnv, ...rest } = made;
  assert.deepEqual([importEnv.slug, importEnv.name], ["dev", "Development"]);
  assert.deepEqual([rest.importPath, rest.position, rest.isReplication], ["/shared", 1, false]);
  const second = await link("/made/deep", "/", "dev");
  assert.equal(second.position, 2);
  for (const path of [imports, "/api/v1/secret-imports/"]) {
    const { body } = await ask("GET", `${path}?${query("/made/deep")}`);
    assert.deepEqual(
      body.secretImports.map(({ id }: { id: string }) => id),
      [made.id, second.id],
    );
  }
  assert.deepEqual((await ask("GET", `${imports}?${query("/none")}`)).body.secretImports, []);
});

test("imported secrets come with the list where they are asked for, under both spellings, each from its place", async () => {
  await put("/a/base", { HOST: "h", URL: "http://${HOST}" });
  await put("/a/app", { OWN: "o" });
  await link("/a/app", "/a/base");
  assert.deepEqual(await read("/a/app"), [["/a/base", "HOST=h", "URL=http://h"]]);
  const underscored = await ask("GET", `${raw}?${query("/a/app", { include_imports: "True" })}`);
  const [entry] = underscored.body.imports;
  assert.equal(entry.environment, "prod");
  assert.equal(entry.secrets[0].folderId, entry.folderId);
  assert.equal(entry.secrets[0].secretPath, "/a/base");
  assert.deepEqual((await ask("GET", `/api/v4/secrets?${query("/a/app")}`)).body.imports, []);
});

test("one read finds an imported secret, the later import's, and never past the folder's own", async () => {
  await put("/b/one", { A: "1", B: "1", C: "1" });
  await put("/b/two", { A: "2", B: "2" });
  await put("/b/app", { A: "own" });
  await link("/b/app", "/b/one");
  await link("/b/app", "/b/two");
  const one = async (key: string, more = {}) => ask("GET", `${raw}/${key}?${query("/b/app", more)}`);
  for (const [key, value] of Object.entries({ A: "own", B: "2", C: "1" })) {
    assert.equal((await one(key, { includeImports: "true" })).body.secret.secretValue, value);
  }
  const found = await one("C", { include_imports: "true" });
  assert.equal(found.body.secret.secretPath, "/b/one");
  assert.deepEqual((await server.auditOf(found.requestId))[0]!.detail.alsoRead, ["prod:/b/one:C"]);
  assert.equal((await one("C")).status, 404);
  assert.equal((await one("D", { includeImports: "true" })).status, 404);
});

test("an import moves to another place in the order, to another source, and closes the gap when it goes", async () => {
  await put("/c/x", { K: "x" });
  await put("/c/y", { K: "y" });
  await put("/c/z", { K: "z" }, "dev");
  const [x, y] = [await link("/c/app", "/c/x"), await link("/c/app", "/c/y")];
  const moved = await ask("PATCH", `${imports}/${y.id}`, { ...place("/c/app"), import: { position: 1 } });
  assert.deepEqual([moved.body.secretImport.position, moved.body.secretImport.version], [1, 2]);
  assert.deepEqual(await read("/c/app"), [
    ["/c/y", "K=y"],
    ["/c/x", "K=x"],
  ]);
  const source = { environment: "dev", path: "/c/z" };
  const changed = await ask("PATCH", `/api/v1/secret-imports/${x.id}`, { ...place("/c/app"), import: source });
  assert.equal(changed.body.secretImport.importEnv.slug, "dev");
  assert.deepEqual(await read("/c/app"), [
    ["/c/y", "K=y"],
    ["/c/z", "K=z"],
  ]);
  const removed = await ask("DELETE", `${imports}/${y.id}`, place("/c/app"));
  assert.equal(removed.body.secretImport.id, y.id);
  const { body } = await ask("GET", `${imports}?${query("/c/app")}`);
  assert.deepEqual(
    body.secretImports.map(({ id, position }: Record<string, unknown>) => [id, position]),
    [[x.id, 1]],
  );
});

test("imports of imports come along, and a circle changes nothing", async () => {
  await put("/d/a", { A: "a" });
  await put("/d/b", { A: "b", B: "b" });
  await put("/d/c", { A: "c", B: "c", C: "c" });
  await link("/d/a", "/d/b");
  await link("/d/b", "/d/c");
  await link("/d/c", "/d/a");
  await link("/d/c", "/d/b");
  assert.deepEqual(await read("/d/a"), [["/d/b", "A=b", "B=b", "C=c"]]);
  assert.deepEqual(await read("/d/c"), [
    ["/d/a", "A=a"],
    ["/d/b", "A=b", "B=b"],
  ]);
});

test("the source may be missing, and be made later", async () => {
  await put("/e/app", { OWN: "1" });
  await link("/e/app", "/e/later");
  assert.deepEqual(await read("/e/app"), []);
  await put("/e/later", { NEW: "2" });
  assert.deepEqual(await read("/e/app"), [["/e/later", "NEW=2"]]);
  await ask("DELETE", "/api/v1/folders/later", place("/e"));
  assert.deepEqual(await read("/e/app"), []);
});

test("what cannot be an import is refused", async () => {
  const post = (given: object) => ask("POST", imports, { ...place("/f"), ...given });
  await link("/f", "/f/x");
  assert.equal((await post({ import: { environment: "prod", path: "/f/x/" } })).status, 400, "twice");
  assert.equal((await post({ import: { environment: "prod", path: "/f" } })).status, 400, "itself");
  assert.equal((await post({ import: { environment: "nowhere", path: "/" } })).status, 404);
  for (const given of [
    {},
    { import: null },
    { import: { path: "/x" } },
    { import: { environment: "prod", path: "/../x" } },
    { import: { environment: "prod", path: "/y" }, isReplication: true },
  ]) {
    assert.equal((await post(given)).status, 422, JSON.stringify(given));
  }
});

test("an import is met only in the folder and the project that it is in", async () => {
  const { id } = await link("/g", "/g/x");
  const body = { ...place("/other"), import: { position: 1 } };
  assert.equal((await ask("PATCH", `${imports}/${id}`, body)).status, 404);
  assert.equal((await ask("DELETE", `${imports}/${id}`, place("/"))).status, 404);
  assert.equal((await ask("DELETE", `${imports}/${randomUUID()}`, place("/g"))).status, 404);
  await ask("POST", "/api/v2/workspace", { projectName: "Imports 2", slug: "imports-2" });
  const elsewhere = { projectSlug: "imports-2", environment: "prod", path: "/" };
  assert.equal((await ask("DELETE", `${imports}/${id}`, elsewhere)).status, 404);
  assert.equal((await ask("DELETE", `${imports}/${id}`, place("/g"))).status, 200);
});
