import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { makeIdentity } from "./testing/identities.ts";
import { seedCreation, seedRevocation, startOrders } from "./testing/orders.ts";
import { makeProject, place, secretName, seedInputs } from "./testing/project.ts";
import { startServer, until } from "./testing/server.ts";
import type { Answer, Json, Wire } from "./testing/wire.ts";

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer({ MIN_LEASE_TTL: "60s" });
after(() => server.remove());
const project = await makeProject(server, orders);
const canary = `canary${randomBytes(9).toString("hex")}`;

interface Wanted {
  status: number;
  error: string;
  message: RegExp;
}

/** A refusal has the wire's shape, says what is wrong, echoes no secret, and leaves no account behind. */
async function refused(answer: Answer, { status, error, message }: Wanted): Promise<Json> {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.body.statusCode, status);
  assert.equal(answer.body.error, error);
  assert.equal(typeof answer.body.message, "string");
  assert.match(answer.body.message, message);
  assert.equal(answer.body.reqId, answer.requestId);
  for (const secret of [canary, orders.admin.password]) {
    assert.ok(!answer.text.includes(secret), "a secret is echoed");
    assert.ok(!server.output().includes(secret), "a secret is in the log");
  }
  assert.deepEqual(
    (await orders.roles()).filter((role) => !role.startsWith("own_")),
    [],
  );
  return answer.body;
}

/** Saves a configuration that differs from the seed's in what is given. */
function save(
  change: { inputs?: Record<string, unknown>; name?: string; [field: string]: unknown } = {},
): Promise<Answer> {
  const { inputs, ...fields } = change;
  return project.wire.call("POST", "/api/v1/dynamic-secrets", {
    body: {
      ...place,
      name: "faulty",
      defaultTTL: "1h",
      maxTTL: "4h",
      provider: { type: "sql-database", inputs: { ...seedInputs(orders), ...inputs } },
      ...fields,
    },
  });
}

function lease(change: Record<string, unknown>): Promise<Answer> {
  const body = { ...place, dynamicSecretName: secretName, ...change };
  return project.wire.call("POST", "/api/v1/dynamic-secrets/leases", { body });
}

const invalid = (message: RegExp): Wanted => ({ status: 422, error: "ValidationFailure", message });
const broken = (message: RegExp): Wanted => ({ status: 400, error: "BadRequest", message });
const missing = (message: RegExp): Wanted => ({ status: 404, error: "NotFound", message });

test("a TTL that cannot be read is refused with an example, at save and at lease", async () => {
  for (const ttl of ["soon", "-1h", "1h1h", "1e21", "NaN", "0x10", "h", "9".repeat(65)]) {
    await refused(await save({ defaultTTL: ttl }), invalid(/defaultTTL.*"2h/s));
    await refused(await lease({ ttl }), invalid(/ttl.*"2h/s));
  }
});

test("a TTL out of bounds is refused in the wire's words", async () => {
  for (const ttl of ["59s", "1000", "1.5s"]) {
    await refused(await save({ defaultTTL: ttl }), invalid(/TTL must be a greater than 1min/));
    await refused(await lease({ ttl }), invalid(/TTL must be a greater than 1min/));
  }
  await refused(await save({ defaultTTL: "0s" }), invalid(/TTL must be a greater than/));
  await refused(await save({ maxTTL: "11y" }), invalid(/TTL must be less than 10 years/));
  await refused(await lease({ ttl: "5h" }), broken(/TTL cannot be larger than max TTL/));
});

test("a default above the maximum is refused at save", async () => {
  await refused(await save({ defaultTTL: "5h" }), invalid(/default.*max/is));
});

test("a fault in a statement is refused, with the statement and the place", async () => {
  const creation = (creationStatement: string): Promise<Answer> => save({ inputs: { creationStatement } });
  await refused(
    await creation(seedCreation.replace("{{expiration}}", "{{expires}}")),
    broken(/creationStatement.*expires/s),
  );
  await refused(
    await creation(seedCreation.replace("'{{password}}'", "'{{password}}")),
    broken(/creationStatement.*(quote|closed)/is),
  );
  await refused(
    await creation(seedCreation.replaceAll("{{username}}", "app")),
    broken(/creationStatement.*\{\{username\}\}/s),
  );
  await refused(
    await creation(seedCreation.replace("{{password}}", canary)),
    broken(/creationStatement.*\{\{password\}\}/s),
  );
  await refused(
    await save({ inputs: { revocationStatement: seedRevocation.replace("{{username}}", "app") } }),
    broken(/revocationStatement.*\{\{username\}\}/s),
  );
});

test("a name that is too long or no slug is refused", async () => {
  const names = ["n".repeat(65), 'x"; DROP ROLE postgres; --', "../admin", "a b", "", "{{username}}", "leases"];
  for (const name of names) await refused(await save({ name }), invalid(/name/i));
});

test("a username template with a fault is refused with its place", async () => {
  await refused(
    await save({ usernameTemplate: "{{ nobody }}" }),
    invalid(/usernameTemplate|[Uu]sername template.*nobody/s),
  );
  await refused(
    await save({ usernameTemplate: '{{identity.name}}"; DROP' }),
    invalid(/[Uu]sername template.*character 18/s),
  );
  await refused(await save({ usernameTemplate: "x".repeat(256) }), invalid(/255/));
});

test("hostile names of folders, projects and secrets are refused", async () => {
  for (const name of ["../etc", "a/b", "%2e%2e", "a\0b", "n".repeat(65)]) {
    const body = { name, path: "/", environment: "prod", workspaceId: project.id };
    await refused(await project.wire.call("POST", "/api/v1/folders", { body }), invalid(/name/i));
  }
  for (const path of ["/a/../b", "//a", "/a\\b", "/%2e%2e", "/a\0"])
    await refused(await lease({ path }), invalid(/path/i));
});

test("an unknown project, environment, folder or name is not found", async () => {
  await refused(await lease({ projectSlug: "nowhere" }), missing(/project/i));
  await refused(await lease({ environmentSlug: "nowhere" }), missing(/environment/i));
  await refused(await lease({ path: "/nowhere" }), missing(/./));
  await refused(await lease({ dynamicSecretName: "nowhere" }), missing(/dynamic secret/i));
});

test("a name that is taken and a type that nobody has are refused", async () => {
  await refused(await save({ name: secretName }), broken(/already exists/));
  const provider = { type: "oracle-of-delphi", inputs: {} };
  await refused(await save({ provider }), invalid(/sql-database/));
});

test("a wrong admin password, a closed port, an unknown host and a TLS mismatch are refused at save, before any lease", async () => {
  await refused(await save({ inputs: { password: canary } }), broken(/password|login|log in|credential/i));
  await refused(await save({ inputs: { port: 1 } }), broken(/reach/i));
  await refused(await save({ inputs: { host: "no-such-host.invalid" } }), broken(/reach/i));
  await refused(await save({ inputs: { sslEnabled: true } }), broken(/TLS/));
  await refused(await save({ inputs: { database: "nowhere" } }), broken(/database/i));
});

test("a field of the inputs that is missing or of the wrong kind is named", async () => {
  for (const field of ["host", "port", "database", "username", "password", "creationStatement"]) {
    const answer = await save({ inputs: { [field]: undefined } });
    assert.ok([400, 422].includes(answer.status), answer.text);
    assert.match(answer.body.message, new RegExp(field));
  }
  await refused(await save({ inputs: { port: "many" } }), invalid(/port/));
  await refused(await save({ inputs: { client: "dbase" } }), invalid(/client/));
});

test("an admin with only the seed's three grants is refused with the SQL that is missing; after pasting it the save passes", async () => {
  const admin = "own_three_grants";
  const password = randomBytes(18).toString("hex");
  await orders.query(`create role ${admin} login password '${password}'`);
  await orders.query(`grant create on database orders to ${admin}`);
  await orders.query(`grant usage on schema public to ${admin}`);
  await orders.query(`grant create on schema public to ${admin}`);
  const inputs = { username: admin, password };

  const sql: string[] = [];
  for (let round = 0; round < 5; round += 1) {
    const answer = await save({ name: "three-grants", inputs });
    if (answer.status === 200) break;
    const body = await refused(answer, broken(/./));
    const fix = fixOf(body);
    assert.ok(fix, `no SQL to paste in ${answer.text}`);
    sql.push(fix);
    await orders.query(fix);
  }
  assert.ok(sql.length > 0, "the three grants were enough");
  assert.match(sql.join("\n"), /CREATEROLE/);
  const body = { ...place, dynamicSecretName: "three-grants" };
  const { lease: made, data } = await project.wire.ok("POST", "/api/v1/dynamic-secrets/leases", { body });
  const credential = { username: data.DB_USERNAME, password: data.DB_PASSWORD };
  const client = await orders.open(credential);
  await client.query("select count(*) from orders");
  await client.end();
  assert.equal((await project.revoke(made.id)).status, 200);
  assert.equal(await orders.login(credential), "refused");
});

/** The text to paste, wherever in `details` it stands. */
function fixOf(body: Json): string | undefined {
  const found: string[] = [];
  JSON.stringify(body.details ?? {}, (key, value) => {
    if (key === "fix" && typeof value === "string") found.push(value);
    return value;
  });
  return found[0];
}

test("no token and foreign ones are refused, without a hint of what is there", async () => {
  const path = "/api/v1/dynamic-secrets";
  await refused(await project.wire.as(null).call("GET", path, { query: place }), {
    status: 401,
    error: "UnauthorizedError",
    message: /./,
  });
  for (const foreign of [canary, `eyJhbGciOiJub25lIn0.${canary}.`, `st.${canary}`, "x".repeat(5_000)]) {
    const answer = await project.wire.as(foreign).call("GET", path, { query: place });
    assert.ok([401, 403].includes(answer.status), answer.text);
    await refused(answer, {
      status: answer.status,
      error: answer.status === 403 ? "TokenError" : "UnauthorizedError",
      message: /./,
    });
  }
});

test("an expired token and one of a deleted identity are refused with the way back in", async () => {
  const wanted = { status: 403, error: "TokenError", message: /log in again|sign in again/i };
  const brief = { name: "brief", role: { role: "admin" }, projectId: project.id, tokenSeconds: 1 };
  const expiring = await makeIdentity(server, project.wire, brief);
  const list = (caller: Wire): Promise<Answer> => caller.call("GET", "/api/v1/dynamic-secrets", { query: place });
  await until(5_000, async () => (await list(expiring.wire)).status !== 200, "a token of one second still works");
  await refused(await list(expiring.wire), wanted);

  const leaving = await makeIdentity(server, project.wire, { ...brief, name: "leaving", tokenSeconds: 60 });
  assert.equal((await list(leaving.wire)).status, 200);
  await project.wire.ok("DELETE", `/api/v1/identities/${leaving.id}`);
  await refused(await list(leaving.wire), wanted);
});

test("a wrong client secret is 401, in the same words as an unknown client", async () => {
  const { clientId } = server.bootstrap.identity;
  const login = (body: object): Promise<Answer> =>
    project.wire.as(null).call("POST", "/api/v1/auth/universal-auth/login", { body });
  const wrong = await login({ clientId, clientSecret: canary });
  const unknown = await login({ clientId: "7b1c2c6e-58f6-4f5b-9c07-3d2b6a1f0c11", clientSecret: canary });
  for (const answer of [wrong, unknown]) {
    await refused(answer, { status: 401, error: "UnauthorizedError", message: /Invalid credentials/ });
  }
});

test("after all of it the server still issues and ends a lease", async () => {
  const made = await project.lease();
  assert.equal(await orders.login(made), "accepted");
  assert.equal((await project.revoke(made.id)).status, 200);
});
