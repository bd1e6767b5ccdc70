// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what this is about
/** Static secrets as clients meet them: versions, tags, reminders, personal overrides, references. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Heard, type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
let projectId: string;
let member: { id: string; token: string };
before(async () => {
  server = await testServer();
  const made = await ask("POST", "/api/v2/workspace", { projectName: "Secrets", slug: "secrets" });
  projectId = made.body.project.id;
  member = await server.newIdentity();
  await ask("POST", `/api/v2/workspace/${projectId}/identity-memberships/${member.id}`, {
    roles: [{ role: "member" }],
  });
});
after(() => server?.stop());

const raw = "/api/v3/secrets/raw";
const call = (token: string, method: string, path: string, body?: unknown): Promise<Heard> =>
  server.call(method, path, { token, body });
const ask = (method: string, path: string, body?: unknown) => call(server.admin, method, path, body);
const place = (path: string, environment = "prod") => ({ workspaceId: projectId, environment, secretPath: path });
const query = (path: string, more = {}) => new URLSearchParams({ ...place(path), ...more });

async function put(path: string, key: string, secretValue: string, more: object = {}): Promise<Heard["body"]> {
  const made = await ask("POST", `${raw}/${key}`, { ...place(path), secretValue, ...more });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return made.body.secret;
}

async function readValue(path: string, key: string, more = {}): Promise<string> {
  const read = await ask("GET", `${raw}/${key}?${query(path, more)}`);
  assert.equal(read.status, 200, JSON.stringify(read.body));
  return read.body.secret.secretValue;
}

/** A tag, straight into its table. */
async function tag(slug: string, project = projectId): Promise<string> {
  const id = randomUUID();
  await server.running.store.sql
    .insertInto("tags")
    .values({ id, project_id: project, slug, name: slug, color: "#fff" })
    .execute();
  return id;
}

test("version 4 reads one secret as version 3 does, with a slash at the end too", async () => {
  await put("/v4", "KEY", "v");
  const three = await ask("GET", `${raw}/KEY?${query("/v4")}`);
  const four = await ask("GET", `/api/v4/secrets/KEY/?${query("/v4")}`);
  assert.equal(four.status, 200);
  assert.deepEqual(four.body, three.body);
  assert.equal(four.body.secret.id, four.body.secret._id);
});

test("each write keeps the one before, and any version can be read", async () => {
  const { id } = await put("/versions", "KEY", "one", {
    secretComment: "first",
    secretMetadata: [{ key: "a", value: "1" }],
  });
  await ask("PATCH", `${raw}/KEY`, { ...place("/versions"), secretValue: "two", secretComment: "" });
  await ask("PATCH", `${raw}/KEY`, { ...place("/versions"), newSecretName: "KEY2", secretMetadata: [] });
  const { body } = await ask("GET", `/api/v1/secret/${id}/secret-versions`);
  assert.deepEqual(
    body.secretVersions.map((one: Record<string, unknown>) => [
      one.version,
      one.secretKey,
      one.secretValue,
      one.secretComment,
      (one.secretMetadata as unknown[]).length,
      one.secretId,
    ]),
    [
      [3, "KEY2", "two", "", 0, id],
      [2, "KEY", "two", "", 1, id],
      [1, "KEY", "one", "first", 1, id],
    ],
  );
  assert.equal(await readValue("/versions", "KEY2", { version: "1" }), "one");
  assert.equal(await readValue("/versions", "KEY2", { version: "3" }), "two");
  assert.equal((await ask("GET", `${raw}/KEY2?${query("/versions", { version: "4" })}`)).status, 404);
  assert.equal((await ask("GET", `${raw}/KEY2?${query("/versions", { version: "x" })}`)).status, 422);
  const numbers = async (page: string) =>
    (await ask("GET", `/api/v1/secret/${id}/secret-versions?${page}`)).body.secretVersions.map(
      ({ version }: { version: number }) => version,
    );
  assert.deepEqual(await numbers("limit=1"), [3]);
  assert.deepEqual(await numbers("limit=2&offset=1"), [2, 1]);
  assert.deepEqual(await numbers("offset=2"), [1]);
  assert.deepEqual(await numbers("offset=3"), []);
  const hidden = await ask("GET", `/api/v1/secret/${id}/secret-versions?viewSecretValue=False`);
  assert.ok(hidden.body.secretVersions.every((one: { secretValueHidden: boolean }) => one.secretValueHidden));
});

test("versions of another project's secret are not found, for a stranger and for a member of another project", async () => {
  const { id } = await put("/foreign", "KEY", "canary");
  const stranger = await server.newIdentity("member");
  await call(stranger.token, "POST", "/api/v2/workspace", { projectName: "Other", slug: "other-project" });
  for (const path of [`/api/v1/secret/${id}/secret-versions`, `${raw}/id/${id}`]) {
    assert.equal((await call(stranger.token, "GET", path)).status, 404, path);
  }
  const mine = new URLSearchParams({ projectSlug: "other-project", environment: "prod", secretPath: "/foreign" });
  assert.equal((await call(stranger.token, "GET", `${raw}/KEY?${mine}`)).status, 404);
});

test("Terraform's empty reminder is none; a real one is kept, and taken away by 0 and the empty text", async () => {
  const unset = { secretReminderNote: "", secretReminderRepeatDays: 0, tagIds: [], secretComment: "" };
  const made = await put("/reminders", "KEY", "v", unset);
  assert.deepEqual([made.secretReminderNote, made.secretReminderRepeatDays, made.tags], [null, null, []]);
  const change = async (more: object) =>
    (await ask("PATCH", `${raw}/KEY`, { ...place("/reminders"), ...more })).body.secret;
  const set = await change({ secretReminderNote: "rotate", secretReminderRepeatDays: 30 });
  assert.deepEqual([set.secretReminderNote, set.secretReminderRepeatDays], ["rotate", 30]);
  const other = await change({ secretValue: "w" });
  assert.deepEqual([other.secretReminderNote, other.secretReminderRepeatDays], ["rotate", 30]);
  const gone = await change({ secretReminderNote: "", secretReminderRepeatDays: 0 });
  assert.deepEqual([gone.secretReminderNote, gone.secretReminderRepeatDays], [null, null]);
  assert.equal(
    (await ask("PATCH", `${raw}/KEY`, { ...place("/reminders"), secretReminderRepeatDays: -1 })).status,
    422,
  );
});

test("a secret has the tags that it was given last, and a list can be cut down to tags", async () => {
  const [red, blue] = [await tag("red"), await tag("blue")];
  const made = await put("/tags", "A", "a", { tagIds: [red, blue, red] });
  assert.deepEqual(
    made.tags.map(({ slug }: { slug: string }) => slug),
    ["blue", "red"],
  );
  await put("/tags", "B", "b", { tagIds: [blue] });
  await put("/tags", "C", "c");
  const keys = async (tagSlugs: string) =>
    (await ask("GET", `/api/v4/secrets?${query("/tags", { tagSlugs })}`)).body.secrets.map(
      ({ secretKey }: { secretKey: string }) => secretKey,
    );
  assert.deepEqual(await keys("red"), ["A"]);
  assert.deepEqual(await keys("red,blue"), ["A", "B"]);
  assert.deepEqual(await keys("none"), []);
  assert.deepEqual(await keys(""), ["A", "B", "C"]);
  const kept = await ask("PATCH", `${raw}/A`, { ...place("/tags"), secretValue: "a2" });
  assert.equal(kept.body.secret.tags.length, 2);
  const cleared = await ask("PATCH", `${raw}/A`, { ...place("/tags"), tagIds: [] });
  assert.deepEqual(cleared.body.secret.tags, []);
});

test("a tag of another project is not found, and nothing is written", async () => {
  const other = await ask("POST", "/api/v2/workspace", { projectName: "Tags", slug: "tags-elsewhere" });
  const foreign = await tag("foreign", other.body.project.id);
  const body = { ...place("/tags2"), secretValue: "v", tagIds: [foreign] };
  assert.equal((await ask("POST", `${raw}/X`, body)).status, 404);
  assert.equal((await ask("GET", `${raw}/X?${query("/tags2")}`)).status, 404);
});

test("a personal override is seen by its owner alone, where it is asked for", async () => {
  await put("/personal", "KEY", "shared");
  const mine = { ...place("/personal"), type: "personal" };
  const made = await call(member.token, "POST", `${raw}/KEY`, { ...mine, secretValue: "canary-own" });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.deepEqual([made.body.secret.type, made.body.secret.secretValue], ["personal", "canary-own"]);
  assert.equal((await call(member.token, "POST", `${raw}/KEY`, { ...mine, secretValue: "x" })).status, 400);

  const list = async (token: string, wanted: string) => {
    const path = `/api/v4/secrets?${query("/personal", { includePersonalOverrides: wanted })}`;
    const { body } = await call(token, "GET", path);
    return body.secrets.map(({ type, secretValue }: Record<string, string>) => [type, secretValue]);
  };
  assert.deepEqual(await list(member.token, "true"), [["personal", "canary-own"]]);
  assert.deepEqual(await list(member.token, "false"), [["shared", "shared"]]);
  assert.deepEqual(await list(server.admin, "true"), [["shared", "shared"]]);
  const one = await call(member.token, "GET", `${raw}/KEY?${query("/personal", { type: "personal" })}`);
  assert.equal(one.body.secret.secretValue, "canary-own");
  assert.equal((await ask("GET", `${raw}/KEY?${query("/personal", { type: "personal" })}`)).status, 404);

  const versioned = `${raw}/KEY?${query("/personal", { includePersonalOverrides: "true", version: "1" })}`;
  assert.equal((await call(member.token, "GET", versioned)).body.secret.secretValue, "shared");

  const changed = await call(member.token, "PATCH", `${raw}/KEY`, { ...mine, secretValue: "own 2" });
  assert.deepEqual([changed.body.secret.version, changed.body.secret.secretValue], [2, "own 2"]);
  const renamed = await call(member.token, "PATCH", `${raw}/KEY`, { ...mine, newSecretName: "OTHER" });
  assert.equal(renamed.status, 400);
  assert.equal(await readValue("/personal", "KEY"), "shared");
  const { rows } = await server.running.store.pool.query("select o::text as text from secret_overrides o");
  assert.ok(rows.length > 0 && !JSON.stringify(rows).includes("own 2"), "sealed at rest");
});

test("a personal override needs its secret, follows its new name and goes with it", async () => {
  const mine = { ...place("/follow"), type: "personal" };
  const none = await call(member.token, "POST", `${raw}/KEY`, { ...mine, secretValue: "x" });
  assert.equal(none.status, 404);
  await put("/follow", "KEY", "shared");
  await call(member.token, "POST", `${raw}/KEY`, { ...mine, secretValue: "own" });
  await ask("PATCH", `${raw}/KEY`, { ...place("/follow"), newSecretName: "NEW" });
  const read = await call(member.token, "GET", `${raw}/NEW?${query("/follow", { type: "personal" })}`);
  assert.deepEqual([read.body.secret.secretKey, read.body.secret.secretValue], ["NEW", "own"]);
  await ask("DELETE", `${raw}/NEW`, place("/follow"));
  await put("/follow", "NEW", "again");
  const gone = await call(member.token, "GET", `${raw}/NEW?${query("/follow", { type: "personal" })}`);
  assert.equal(gone.status, 404);
});

test("the official CLI's delete, which says personal, takes the caller's own and never the secret itself", async () => {
  await put("/delete", "KEY", "shared");
  const mine = { ...place("/delete"), type: "personal" };
  await call(member.token, "POST", `${raw}/KEY`, { ...mine, secretValue: "own" });
  assert.equal((await call(member.token, "DELETE", `${raw}/KEY`, mine)).status, 200);
  const again = await call(member.token, "DELETE", `${raw}/KEY`, mine);
  assert.equal(again.status, 404);
  assert.match(again.body.message, /send the type 'shared'/);
  assert.equal(await readValue("/delete", "KEY"), "shared");
  assert.equal((await call(member.token, "DELETE", `${raw}/KEY`, place("/delete"))).status, 200);
});

test("a member who leaves the project leaves no override in it", async () => {
  const leaver = await server.newIdentity();
  const membership = `/api/v2/workspace/${projectId}/identity-memberships/${leaver.id}`;
  await ask("POST", membership, { roles: [{ role: "member" }] });
  await put("/leaver", "KEY", "shared");
  const mine = { ...place("/leaver"), type: "personal", secretValue: "own" };
  assert.equal((await call(leaver.token, "POST", `${raw}/KEY`, mine)).status, 200);
  await ask("DELETE", membership);
  await ask("POST", membership, { roles: [{ role: "member" }] });
  const read = await call(leaver.token, "GET", `${raw}/KEY?${query("/leaver", { type: "personal" })}`);
  assert.equal(read.status, 404);
});

test("who may write a secret and not read it does not get its value back", async () => {
  const { id, token } = await server.newIdentity();
  const permissions = [{ subject: "secrets", action: ["create", "edit", "delete"] }];
  await ask("POST", `/api/v1/projects/${projectId}/roles`, { slug: "writer", name: "Writer", permissions });
  await ask("POST", `/api/v2/workspace/${projectId}/identity-memberships/${id}`, { roles: [{ role: "writer" }] });
  await put("/app", "WRITTEN", "canary-not-for-writers");
  const changed = await call(token, "PATCH", `${raw}/WRITTEN`, { ...place("/app"), secretComment: "mine" });
  const removed = await call(token, "DELETE", `${raw}/WRITTEN`, { ...place("/app"), type: "shared" });
  for (const { status, body } of [changed, removed]) {
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.secret.secretValue, "<hidden-by-infisical>");
    assert.equal(body.secret.secretValueHidden, true);
  }
});

test("references are filled in unless declined, and the audit row says what was read for them", async () => {
  await put("/db", "HOST", "db.internal");
  await put("/app", "USER", "app");
  const { id } = await put("/app", "URL", "postgres://${USER}@${prod.db.HOST}/${MISSING}");
  const filled = "postgres://app@db.internal/${MISSING}";
  const written = "postgres://${USER}@${prod.db.HOST}/${MISSING}";
  const read = await ask("GET", `${raw}/URL?${query("/app")}`);
  assert.equal(read.body.secret.secretValue, filled);
  const [row] = await server.auditOf(read.requestId);
  assert.deepEqual((row!.detail.alsoRead as string[]).sort(), ["prod:/app:USER", "prod:/db:HOST"]);
  assert.equal(await readValue("/app", "URL", { expandSecretReferences: "False" }), written);
  const list = await ask("GET", `/api/v4/secrets?${query("/app")}`);
  assert.deepEqual(
    list.body.secrets.map(({ secretValue }: { secretValue: string }) => secretValue),
    [filled, "app"],
  );
  const byId = await ask("GET", `${raw}/id/${id}`);
  assert.equal(byId.body.secret.secretValue, written, "Terraform compares it with what it wrote");
  assert.equal((await ask("GET", `${raw}/id/${id}?expandSecretReferences=true`)).body.secret.secretValue, filled);
  const hidden = await ask("GET", `${raw}/URL?${query("/app", { viewSecretValue: "false" })}`);
  assert.equal(hidden.body.secret.secretValue, "<hidden-by-infisical>");
});

test("a circle of references is 400 and named, and can still be read as written", async () => {
  await put("/circle", "A", "${B}");
  await put("/circle", "B", "<${prod.circle.A}>");
  const read = await ask("GET", `${raw}/A?${query("/circle")}`);
  assert.equal(read.status, 400);
  assert.match(read.body.message, /prod:\/circle:A -> prod:\/circle:B -> prod:\/circle:A/);
  assert.equal((await ask("GET", `/api/v4/secrets?${query("/circle")}`)).status, 400);
  assert.equal(await readValue("/circle", "A", { expandSecretReferences: "false" }), "${B}");
});

test("a read that the caller has already is 304 and audited all the same", async () => {
  await put("/etag", "KEY", "v");
  const path = `/api/v4/secrets?${query("/etag")}`;
  const first = await ask("GET", path);
  const etag = first.headers.get("etag")!;
  assert.match(etag, /^"[\w-]+"$/);
  const known = await server.call("GET", path, { token: server.admin, headers: { "if-none-match": `"x", W/${etag}` } });
  assert.deepEqual([known.status, known.body], [304, ""]);
  assert.equal((await server.auditOf(known.requestId))[0]!.event, "get-secrets");
  await ask("PATCH", `${raw}/KEY`, { ...place("/etag"), secretValue: "w" });
  const changed = await server.call("GET", path, { token: server.admin, headers: { "if-none-match": etag } });
  assert.equal(changed.status, 200);
  assert.notEqual(changed.headers.get("etag"), etag);
});

test("a value of 512 KiB is kept whole, a longer one and one with half a character are 422", async () => {
  const long = "x".repeat(524_288);
  await put("/long", "KEY", long);
  assert.equal(await readValue("/long", "KEY"), long);
  for (const secretValue of [`${long}x`, "\ud800", 7, null, ["a"]]) {
    const heard = await ask("POST", `${raw}/BAD`, { ...place("/long"), secretValue });
    assert.equal(heard.status, 422);
    assert.ok(!JSON.stringify(heard.body).includes("xxxx"));
  }
});
