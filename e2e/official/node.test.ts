/** The published Node SDK, unmodified, against a real server over a real PostgreSQL. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startOrders } from "../testing/orders.ts";
import { makeProject, place, secretName, seedInputs } from "../testing/project.ts";
import { startServer } from "../testing/server.ts";
import { nodeHand, SdkError } from "./hand.ts";

/** Methods for what Dayfly is not: docs/compatibility.md says so to users. */
const notServed = ["auth.awsIamAuth.login", "auth.awsIamAuth.renew", "kms.keys", "kms.encryption", "kms.signing"];

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const project = await makeProject(server, orders);
const sdk = await nodeHand(server.url);
after(() => sdk.end());

const { clientId, clientSecret } = server.bootstrap.identity;
const here = { projectId: project.id, environment: "prod", secretPath: "/app" };

test("a wrong client secret is told as what it is", async () => {
  const wrong = sdk.call("auth.universalAuth.login", { clientId, clientSecret: "0".repeat(64) });
  await assert.rejects(wrong, (error: SdkError) => error instanceof SdkError && error.status === 401);
});

test("universalAuth: login, renew, getAccessToken and accessToken", async () => {
  await sdk.call("auth.universalAuth.login", { clientId, clientSecret });
  await sdk.call("auth.universalAuth.renew");
  const token = await sdk.call("auth.getAccessToken");
  assert.ok(typeof token === "string" && token.length > 20);
  await sdk.call("auth.accessToken", token);
});

test("projects and environments are made, and people invited", async () => {
  const made = await sdk.call("projects.create", { projectName: "Second", type: "secret-manager", slug: "second" });
  assert.equal(made.slug, "second");
  const { email } = server.bootstrap.admin;
  const [member] = await sdk.call("projects.inviteMembers", {
    projectId: made.id,
    emails: [email],
    roleSlugs: ["viewer"],
  });
  assert.deepEqual([member.user.email, member.roles[0].role], [email, "viewer"]);
  const environment = await sdk.call("environments.create", {
    projectId: made.id,
    name: "QA",
    slug: "qa",
    position: 4,
  });
  assert.deepEqual([environment.slug, environment.projectId], ["qa", made.id]);
  const { workspace } = await project.wire.ok("GET", `/api/v1/workspace/${made.id}`);
  assert.deepEqual(workspace.environments.map(({ slug }: { slug: string }) => slug).sort(), [
    "dev",
    "prod",
    "qa",
    "staging",
  ]);
});

test("folders are made and listed", async () => {
  const at = { projectId: project.id, environment: "prod", path: "/" };
  const folder = await sdk.call("folders.create", { ...at, name: "app", description: "of the app" });
  assert.equal(folder.name, "app");
  const listed = await sdk.call("folders.listFolders", { ...at, recursive: true });
  assert.ok(listed.some(({ id }: { id: string }) => id === folder.id));
});

test("secrets are made, read, listed, changed and deleted", async () => {
  const { secret } = await sdk.call("secrets.createSecret", "API_KEY", {
    ...here,
    secretValue: "one",
    secretComment: "of a partner",
    secretMetadata: [{ key: "team", value: "orders" }],
  });
  assert.deepEqual([secret.secretKey, secret.secretValue, secret.version], ["API_KEY", "one", 1]);
  await sdk.call("secrets.updateSecret", "API_KEY", { ...here, secretValue: "two" });
  const read = await sdk.call("secrets.getSecret", { ...here, secretName: "API_KEY" });
  assert.deepEqual([read.secretValue, read.version, read.secretComment], ["two", 2, "of a partner"]);
  const hidden = await sdk.call("secrets.getSecret", { ...here, secretName: "API_KEY", viewSecretValue: false });
  assert.equal(hidden.secretValueHidden, true);
  const { secrets } = await sdk.call("secrets.listSecrets", { ...here, recursive: true });
  assert.deepEqual(
    secrets.map(({ secretKey }: { secretKey: string }) => secretKey),
    ["API_KEY"],
  );
  const all = await sdk.call("secrets.listSecretsWithImports", here);
  assert.deepEqual(
    all.map(({ secretValue }: { secretValue: string }) => secretValue),
    ["two"],
  );
  await sdk.call("secrets.deleteSecret", "API_KEY", here);
  const gone = sdk.call("secrets.getSecret", { ...here, secretName: "API_KEY" });
  await assert.rejects(gone, (error: SdkError) => error.status === 404);
});

test("a dynamic secret is made, leased from, renewed, ended and deleted, and PostgreSQL agrees at each step", async () => {
  const made = await sdk.call("dynamicSecrets.create", {
    ...place,
    name: "by-sdk",
    provider: { type: "sql-database", inputs: seedInputs(orders) },
    defaultTTL: "1h",
    maxTTL: "4h",
  });
  assert.deepEqual([made.name, made.type, made.defaultTTL], ["by-sdk", "sql-database", "1h"]);

  const { lease, data } = await sdk.call("dynamicSecrets.leases.create", { ...place, dynamicSecretName: "by-sdk" });
  const credential = { username: data.DB_USERNAME, password: data.DB_PASSWORD };
  assert.equal(lease.externalEntityId, credential.username);
  assert.deepEqual(await orders.roles(), [credential.username]);
  const client = await orders.open(credential);
  await client.query("select count(*) from orders");
  await client.end();

  const renewed = await sdk.call("dynamicSecrets.leases.renew", lease.id, { ...place, ttl: "30m" });
  assert.equal(Date.parse(renewed.lease.expireAt), Date.parse(lease.expireAt) + 1_800_000);
  const [native] = await orders.ends();
  assert.ok(native!.end >= Date.parse(renewed.lease.expireAt), "PostgreSQL lets it live as long as its lease");

  await sdk.call("dynamicSecrets.leases.delete", lease.id, place);
  assert.equal(await orders.login(credential), "refused");
  assert.deepEqual(await orders.roles(), []);

  await sdk.call("dynamicSecrets.delete", "by-sdk", place);
  const again = sdk.call("dynamicSecrets.leases.create", { ...place, dynamicSecretName: "by-sdk" });
  await assert.rejects(again, (error: SdkError) => error.status === 404);
});

test("a mistake comes back as a text that a person can act on", async () => {
  const asked = { ...place, dynamicSecretName: secretName, ttl: "9h" };
  const past = sdk.call("dynamicSecrets.leases.create", asked);
  await assert.rejects(
    past,
    (error: SdkError) => error.status === 400 && /TTL cannot be larger than max TTL/.test(error.message),
  );
});

test("every public method of the SDK was called, or is one that Dayfly says it does not serve", async (context) => {
  const unaccounted = (await sdk.methods()).filter((method) => !sdk.done.has(method) && !notServed.includes(method));
  context.diagnostic(`called: ${[...sdk.done].sort().join(", ")}`);
  context.diagnostic(`not served: ${notServed.join(", ")}`);
  assert.deepEqual(unaccounted, []);
});
