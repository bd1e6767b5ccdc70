/** An identity that may lease one dynamic secret and nothing else, as it meets the published SDKs. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { makeIdentity } from "../testing/identities.ts";
import { startOrders } from "../testing/orders.ts";
import { makeProject, place, secretName, seedInputs } from "../testing/project.ts";
import { startServer } from "../testing/server.ts";
import type { Json } from "../testing/wire.ts";
import { type Hand, nodeHand, pythonHand, SdkError } from "./hand.ts";

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const project = await makeProject(server, orders);
const identity = await makeIdentity(server, project.wire, {
  name: "orders-app",
  projectId: project.id,
  role: { role: "lease-only", secrets: [{ environment: place.environmentSlug, path: place.path, name: secretName }] },
});
const token = identity.wire.headers.authorization!.replace("Bearer ", "");

const [node, python] = await Promise.all([nodeHand(server.url), pythonHand(server.url)]);
after(() => Promise.all([node.end(), python.end()]));
await node.call("auth.accessToken", token);
await python.call("auth.token_auth.login", { token });

const inNode = { projectId: project.id, environment: place.environmentSlug, secretPath: place.path };
const inPython = { project_slug: place.projectSlug, environment_slug: place.environmentSlug, path: place.path };
const secretInPython = { project_id: project.id, environment_slug: place.environmentSlug, secret_path: place.path };
const folder = { environment: place.environmentSlug, environment_slug: place.environmentSlug, path: place.path };

interface Face {
  hand: Hand;
  lease(): Promise<Json>;
  renew(id: string): Promise<Json>;
  revoke(id: string): Promise<Json>;
  /** Every other method that reaches the server, with arguments that an admin could use. */
  others: [path: string, ...args: unknown[]][];
}

const created = { name: "by-sdk", provider: { type: "sql-database", inputs: seedInputs(orders) } };
const faces: Record<string, Face> = {
  Node: {
    hand: node,
    lease: () => node.call("dynamicSecrets.leases.create", { ...place, dynamicSecretName: secretName, ttl: "10m" }),
    renew: (id) => node.call("dynamicSecrets.leases.renew", id, { ...place, ttl: "5m" }),
    revoke: (id) => node.call("dynamicSecrets.leases.delete", id, place),
    others: [
      ["secrets.listSecrets", inNode],
      ["secrets.listSecretsWithImports", inNode],
      ["secrets.getSecret", { ...inNode, secretName: "KEY" }],
      ["secrets.createSecret", "KEY", { ...inNode, secretValue: "one" }],
      ["secrets.updateSecret", "KEY", { ...inNode, secretValue: "two" }],
      ["secrets.deleteSecret", "KEY", inNode],
      ["folders.create", { ...folder, projectId: project.id, name: "mine" }],
      ["folders.listFolders", { ...folder, projectId: project.id }],
      ["environments.create", { projectId: project.id, name: "Mine", slug: "mine", position: 4 }],
      ["projects.create", { projectName: "Mine", type: "secret-manager", slug: "mine" }],
      ["projects.inviteMembers", { projectId: project.id, emails: ["admin@localhost"], roleSlugs: ["admin"] }],
      ["dynamicSecrets.create", { ...place, ...created, defaultTTL: "1h", maxTTL: "4h" }],
      ["dynamicSecrets.delete", secretName, place],
    ],
  },
  Python: {
    hand: python,
    lease: () =>
      python.call("dynamic_secrets.leases.create", { ...inPython, dynamic_secret_name: secretName, ttl: "10m" }),
    renew: (id) => python.call("dynamic_secrets.leases.renew", { ...inPython, lease_id: id, ttl: "5m" }),
    revoke: (id) => python.call("dynamic_secrets.leases.revoke", { ...inPython, lease_id: id }),
    others: [
      ["secrets.list_secrets", secretInPython],
      ["secrets.get_secret_by_name", { ...secretInPython, secret_name: "KEY" }],
      ["secrets.create_secret_by_name", { ...secretInPython, secret_name: "KEY", secret_value: "one" }],
      ["secrets.update_secret_by_name", { ...secretInPython, current_secret_name: "KEY", secret_value: "two" }],
      ["secrets.delete_secret_by_name", { ...secretInPython, secret_name: "KEY" }],
      ["folders.create_folder", { project_id: project.id, environment_slug: "prod", name: "mine" }],
      ["folders.list_folders", { project_id: project.id, environment_slug: "prod", path: "/" }],
      [
        "dynamic_secrets.create",
        {
          ...inPython,
          name: "by-sdk",
          provider_type: "sql-database",
          inputs: seedInputs(orders),
          default_ttl: "1h",
          max_ttl: "4h",
        },
      ],
      ["dynamic_secrets.update", { ...inPython, name: secretName, default_ttl: "3h" }],
      ["dynamic_secrets.delete", { ...inPython, name: secretName }],
    ],
  },
};

for (const [language, { hand, lease, renew, revoke, others }] of Object.entries(faces)) {
  describe(`an identity that may only lease, by the ${language} SDK`, () => {
    test("leases, renews and revokes, and PostgreSQL agrees", async () => {
      const { lease: made, data } = await lease();
      const credential = { username: data.DB_USERNAME, password: data.DB_PASSWORD };
      const client = await orders.open(credential);
      await client.query("select count(*) from orders");
      await client.end();
      await renew(made.id);
      await revoke(made.id);
      assert.equal(await orders.login(credential), "refused");
      assert.deepEqual(await orders.roles(), []);
    });

    test("is refused everything else, and nothing has changed by it", async (context) => {
      for (const [path, ...args] of others) {
        await assert.rejects(
          hand.call(path, ...args),
          (error: SdkError) => error instanceof SdkError && error.status === 403,
          `${path} was not refused`,
        );
      }
      context.diagnostic(`refused: ${others.map(([path]) => path).join(", ")}`);
      const { dynamicSecrets } = await project.wire.ok("GET", "/api/v1/dynamic-secrets", { query: { ...place } });
      assert.deepEqual(
        dynamicSecrets.map(({ name, defaultTTL }: Json) => [name, defaultTTL]),
        [[secretName, "2h"]],
      );
    });
  });
}

test("the Python SDK reads the one dynamic secret without its inputs", async () => {
  const seen = await python.call("dynamic_secrets.get_by_name", { ...inPython, name: secretName });
  assert.equal(seen.name, secretName);
  assert.ok(!JSON.stringify(seen).includes(orders.admin.password));
});
