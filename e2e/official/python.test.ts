/** The published Python SDK, unmodified, against a real server over a real PostgreSQL. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startOrders } from "../testing/orders.ts";
import { makeProject, place, seedInputs } from "../testing/project.ts";
import { startServer } from "../testing/server.ts";
import { pythonHand, type SdkError } from "./hand.ts";

/** Parts for what Dayfly is not: docs/compatibility.md says so to users. */
const notServed = ["kms.", "auth.aws_auth.", "auth.ldap_auth.", "auth.oidc_auth."];

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const project = await makeProject(server, orders);
const sdk = await pythonHand(server.url);
after(() => sdk.end());

const { clientId, clientSecret } = server.bootstrap.identity;
const here = { project_id: project.id, environment_slug: "prod", secret_path: "/app" };
const at = { project_slug: place.projectSlug, environment_slug: place.environmentSlug, path: place.path };

test("a wrong client secret is told as what it is", async () => {
  const wrong = sdk.call("auth.universal_auth.login", { client_id: clientId, client_secret: "0".repeat(64) });
  await assert.rejects(wrong, (error: SdkError) => error.name === "APIError" && error.status === 401);
});

test("universal_auth and token_auth sign in", async () => {
  const login = await sdk.call("auth.universal_auth.login", { client_id: clientId, client_secret: clientSecret });
  assert.equal(login.tokenType, "Bearer");
  await sdk.call("auth.token_auth.login", { token: login.accessToken });
});

test("folders are made, read, listed, changed and deleted", async () => {
  const root = { project_id: project.id, environment_slug: "prod" };
  const folder = await sdk.call("folders.create_folder", { ...root, name: "app" });
  assert.deepEqual([folder.name, folder.path], ["app", "/app"]);
  const changed = await sdk.call("folders.update_folder", {
    ...root,
    folder_id: folder.id,
    name: "app",
    description: "of the app",
  });
  assert.equal(changed.id, folder.id);
  assert.equal((await sdk.call("folders.get_folder_by_id", { id: folder.id })).path, "/app");
  const scratch = await sdk.call("folders.create_folder", { ...root, name: "scratch", path: "/app" });
  const { folders } = await sdk.call("folders.list_folders", { ...root, path: "/", recursive: true });
  assert.ok(folders.some(({ id }: { id: string }) => id === scratch.id));
  await sdk.call("folders.delete_folder", { ...root, folder_id_or_name: scratch.id, path: "/app" });
  const left = await sdk.call("folders.list_folders", { ...root, path: "/app" });
  assert.deepEqual(left.folders, []);
});

test("secrets are made, read, listed, changed and deleted", async () => {
  const made = await sdk.call("secrets.create_secret_by_name", {
    ...here,
    secret_name: "API_KEY",
    secret_value: "one",
  });
  assert.deepEqual([made.secretKey, made.secretValue, made.version], ["API_KEY", "one", 1]);
  await sdk.call("secrets.update_secret_by_name", { ...here, current_secret_name: "API_KEY", secret_value: "two" });
  const bySlug = { project_slug: place.projectSlug, environment_slug: "prod", secret_path: "/app" };
  const read = await sdk.call("secrets.get_secret_by_name", { ...bySlug, secret_name: "API_KEY" });
  assert.deepEqual([read.secretValue, read.version], ["two", 2]);
  const { secrets } = await sdk.call("secrets.list_secrets", here);
  assert.deepEqual(
    secrets.map(({ secretKey }: { secretKey: string }) => secretKey),
    ["API_KEY"],
  );
  await sdk.call("secrets.delete_secret_by_name", { ...here, secret_name: "API_KEY" });
  const gone = sdk.call("secrets.get_secret_by_name", { ...here, secret_name: "API_KEY" });
  await assert.rejects(gone, (error: SdkError) => error.status === 404);
});

test("a dynamic secret is made, changed, leased from, renewed, ended and deleted, and PostgreSQL agrees", async () => {
  const made = await sdk.call("dynamic_secrets.create", {
    ...at,
    name: "by-sdk",
    provider_type: "sql-database",
    inputs: seedInputs(orders),
    default_ttl: "1h",
    max_ttl: "4h",
  });
  assert.deepEqual([made.name, made.type], ["by-sdk", "sql-database"]);
  const changed = await sdk.call("dynamic_secrets.update", { ...at, name: "by-sdk", default_ttl: "2h" });
  assert.equal(changed.defaultTTL, "2h");
  assert.equal((await sdk.call("dynamic_secrets.get_by_name", { ...at, name: "by-sdk" })).id, made.id);

  const { lease, data } = await sdk.call("dynamic_secrets.leases.create", { ...at, dynamic_secret_name: "by-sdk" });
  const credential = { username: data.DB_USERNAME, password: data.DB_PASSWORD };
  assert.deepEqual(await orders.roles(), [credential.username]);
  const client = await orders.open(credential);
  await client.query("select count(*) from orders");
  await client.end();
  assert.equal((await sdk.call("dynamic_secrets.leases.get", { ...at, lease_id: lease.id })).id, lease.id);
  const renewed = await sdk.call("dynamic_secrets.leases.renew", { ...at, lease_id: lease.id, ttl: "30m" });
  assert.equal(Date.parse(renewed.expireAt), Date.parse(lease.expireAt) + 1_800_000);

  await sdk.call("dynamic_secrets.leases.revoke", { ...at, lease_id: lease.id });
  assert.equal(await orders.login(credential), "refused");
  assert.deepEqual(await orders.roles(), []);
  await sdk.call("dynamic_secrets.delete", { ...at, name: "by-sdk" });
  const again = sdk.call("dynamic_secrets.get_by_name", { ...at, name: "by-sdk" });
  await assert.rejects(again, (error: SdkError) => error.status === 404);
});

test("every public method of the SDK was called, or is one that Dayfly says it does not serve", async (context) => {
  const served = (await sdk.methods()).filter((method) => !notServed.some((part) => method.startsWith(part)));
  context.diagnostic(`called: ${[...sdk.done].sort().join(", ")}`);
  context.diagnostic(`not served: ${notServed.map((part) => `${part}*`).join(", ")}`);
  assert.deepEqual(
    served.filter((method) => !sdk.done.has(method)),
    [],
  );
});
