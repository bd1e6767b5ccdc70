/** Dynamic secrets as clients meet them: names, merging, hiding, and what is shown before anything is saved. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { providerOf, type Scene, scene } from "../testing/callers.ts";
import type { TestServer } from "../testing/server.ts";

let at: Scene;
before(async () => {
  at = await scene();
});
after(() => at?.stop());

const dynamic = "/api/v1/dynamic-secrets";
const ask: TestServer["ask"] = (...asked) => at.server.ask(...asked);
const draft = (name: string, inputs: Record<string, unknown> = {}, more = {}) => ({
  ...{ ...at.loc, name, provider: providerOf(at.target, inputs), defaultTTL: "1h", maxTTL: "2 hours" },
  ...more,
});
const rowCount = async (): Promise<number> =>
  Number((await at.server.running.store.pool.query("select count(*) from dynamic_secrets")).rows[0].count);

test("a name is met in any case, on read, change, lease and delete", async () => {
  assert.equal((await ask("POST", dynamic, draft("mixed"))).status, 200);
  assert.equal((await ask("GET", `${dynamic}/MIXED?${at.query}`)).body.dynamicSecret.name, "mixed");
  const data = { defaultTTL: "30m" };
  assert.equal((await ask("PATCH", `${dynamic}/Mixed`, { ...at.loc, data })).body.dynamicSecret.defaultTTL, "30m");
  const leased = await ask("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: "MiXed" });
  assert.equal(leased.body.dynamicSecret.name, "mixed");
  assert.equal((await ask("GET", `${dynamic}/MIXED/leases?${at.query}`)).body.leases.length, 1);
  const removed = await ask("DELETE", `${dynamic}/MIXED`, at.loc);
  assert.equal(removed.status, 200);
  assert.equal(removed.body.dynamicSecret.status, "Revocation in process");
  assert.equal((await ask("GET", `${dynamic}/mixed?${at.query}`)).status, 404);
  assert.equal((await ask("POST", dynamic, draft("mixed"))).status, 200, "the name is free at once");
});

test("the name leases is refused, and a name that is taken says so in the wire's words", async () => {
  const refused = await ask("POST", dynamic, draft("leases"));
  assert.equal(refused.status, 422);
  assert.match(refused.body.message, /"leases"/);
  assert.equal(refused.body.details[0].path[0], "name");
  const taken = await ask("POST", dynamic, draft("postgres"));
  assert.equal(taken.status, 400);
  assert.equal(taken.body.message, "Provided dynamic secret already exists under the folder");
  const renamed = await ask("PATCH", `${dynamic}/postgres`, { ...at.loc, data: { newName: "leases" } });
  assert.equal(renamed.status, 422);
});

test("texts come back as they were given, and a change merges inputs over the stored ones", async () => {
  const metadata = [{ key: "team", value: "shop" }];
  const usernameTemplate = "{{identity.name}}-{{random 12}}";
  const made = await ask("POST", dynamic, draft("kept", {}, { metadata, usernameTemplate }));
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { dynamicSecret } = made.body;
  assert.deepEqual(
    [dynamicSecret.defaultTTL, dynamicSecret.maxTTL, dynamicSecret.usernameTemplate, dynamicSecret.metadata],
    ["1h", "2 hours", usernameTemplate, metadata],
  );
  const renewStatement = `ALTER ROLE "{{username}}" VALID UNTIL '{{expiration}}'`;
  const data = { inputs: { renewStatement }, usernameTemplate: "", maxTTL: "" };
  const changed = await ask("PATCH", `${dynamic}/kept`, { ...at.loc, data });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  const { inputs, ...rest } = changed.body.dynamicSecret;
  assert.deepEqual([inputs.renewStatement, inputs.host, inputs.port], [renewStatement, at.target.host, at.target.port]);
  assert.deepEqual([rest.usernameTemplate, rest.maxTTL, rest.metadata], [null, null, metadata]);
  const moved = await ask("PATCH", `${dynamic}/kept`, { ...at.loc, data: { inputs: { port: 1 } } });
  assert.equal(moved.status, 422, "a stored password goes to no other place");
});

test("an unknown folder lists nothing and has nothing; a place that may be named in three ways is one", async () => {
  const nowhere = new URLSearchParams({ ...at.loc, path: "/nowhere" });
  assert.deepEqual((await ask("GET", `${dynamic}?${nowhere}`)).body, { dynamicSecrets: [] });
  assert.equal((await ask("GET", `${dynamic}/postgres?${nowhere}`)).status, 404);
  const { projectSlug, environmentSlug, path } = at.loc;
  const asAgent = new URLSearchParams({ projectSlug, environmentSlug, secretPath: path });
  const { body } = await ask("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: "postgres", ttl: "" });
  const read = await ask("GET", `${dynamic}/leases/${body.lease.id}?${asAgent}`);
  assert.equal(read.status, 200);
  assert.equal(read.body.lease.dynamicSecret.name, "postgres");
  assert.equal(read.body.lease.dynamicSecret.inputs, undefined);
});

test("what is declined or belongs in no list never carries stored admin credentials", async () => {
  const query = `${at.query}&rootCredentials=false`;
  for (const heard of [
    await ask("GET", `${dynamic}?${at.query}`),
    await ask("GET", `${dynamic}/postgres?${query}`),
    await ask("PATCH", `${dynamic}/postgres?rootCredentials=false`, { ...at.loc, data: { defaultTTL: "1h" } }),
    await ask("POST", `${dynamic}?rootCredentials=false`, draft("declined")),
  ]) {
    assert.equal(heard.status, 200);
    assert.ok(!JSON.stringify(heard.body).includes(at.target.password));
  }
});

test("verifying tells each step, what mends it and how long it took, and leaves nothing anywhere", async () => {
  const before = await rowCount();
  const good = await ask("POST", `${dynamic}/verify`, draft("unsaved"));
  assert.equal(good.status, 200, JSON.stringify(good.body));
  const { steps } = good.body;
  assert.ok(steps.every((step: { passed: boolean; durationMs: number }) => step.passed && step.durationMs >= 0));
  for (const name of ["reach", "authenticate", "statements", "may-create", "may-drop"])
    assert.ok(
      steps.some(({ step }: { step: string }) => step === name),
      name,
    );
  const wrong = await ask("POST", `${dynamic}/verify`, draft("unsaved", { password: "canary-wrong-password" }));
  assert.equal(wrong.status, 200, "a target that refuses is what was asked");
  assert.equal(wrong.body.steps.at(-1).passed, false);
  assert.equal(wrong.body.steps.at(-1).step, "authenticate");
  assert.ok(!JSON.stringify(wrong.body).includes("canary-wrong-password"));
  assert.equal(await rowCount(), before);
});

test("verifying and previewing refuse who may not create, and what is no draft", async () => {
  for (const path of [`${dynamic}/verify`, `${dynamic}/preview`]) {
    assert.equal((await ask("POST", path, draft("unsaved"), at.tokens.leaseOnly)).status, 403);
    assert.equal((await ask("POST", path, draft("unsaved"), at.tokens.foreign)).status, 404);
    assert.equal((await ask("POST", path, { ...at.loc, name: "x" })).status, 422);
    const unknown = { ...draft("unsaved"), provider: { type: "no-such", inputs: {} } };
    const refused = await ask("POST", path, unknown);
    assert.equal(refused.status, 422);
    assert.match(refused.body.message, /sql-database/);
  }
  assert.equal((await ask("POST", `${dynamic}/verify`, draft("x", { port: "no" }))).status, 422);
});

test("a preview fills the statements in for nobody, and holds no admin password", async () => {
  const { status, body } = await ask(
    "POST",
    `${dynamic}/preview`,
    draft("unsaved", {}, { usernameTemplate: "app-{{random 12}}" }),
  );
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body.findings, []);
  assert.match(body.username, /^app-/);
  const [creation, revocation] = body.statements;
  assert.equal(creation.field, "creationStatement");
  assert.match(creation.text, /PASSWORD 'sample-password-of-nobody' VALID UNTIL '\d{4}-/);
  assert.ok(creation.text.includes(`"${body.username}"`));
  assert.equal(revocation.text, `DROP ROLE IF EXISTS "${body.username}";`);
  assert.ok(!JSON.stringify(body).includes(at.target.password));
});

test("a preview finds every fault at once, and fills in what has none", async () => {
  const creationStatement = `CREATE ROLE "{{user}}"`;
  const { status, body } = await ask("POST", `${dynamic}/preview`, draft("unsaved", { creationStatement, port: 0 }));
  assert.equal(status, 200);
  const paths = body.findings.map(({ path }: { path: string[] }) => path.at(-1));
  assert.deepEqual(paths.sort(), ["creationStatement", "port"]);
  assert.deepEqual(
    body.statements.map(({ text }: { text: string | null }) => text),
    [null, 'DROP ROLE IF EXISTS "sample_user";'],
  );
  const plain = { creationStatement: `CREATE ROLE "{{username}}" LOGIN PASSWORD '{{password}}'` };
  const lasting = await ask("POST", `${dynamic}/preview`, draft("unsaved", plain));
  assert.equal(lasting.body.findings[0].severity, "warning");
});

test("the catalogue tells every type with a schema of its inputs, in which secrets are marked", async () => {
  const { status, body } = await ask("GET", "/api/v1/targets", undefined, at.tokens.leaseOnly);
  assert.equal(status, 200);
  const sql = body.targets.find(({ type }: { type: string }) => type === "sql-database");
  assert.deepEqual([sql.renewable, sql.revocable, sql.nativeExpiry], [true, true, true]);
  const { properties, required } = sql.inputs;
  assert.equal(properties.password["x-secret"], true);
  assert.equal(properties.host["x-secret"], undefined);
  assert.equal(properties.port.type, "number");
  assert.deepEqual(properties.creationStatement["x-statement"].slice(0, 2), ["username", "password"]);
  assert.equal(properties.passwordRequirements.properties.required.type, "object");
  assert.ok(required.includes("host") && !required.includes("ca"));
});
