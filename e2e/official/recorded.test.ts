/** What the published clients send, sent again to a real server over a real PostgreSQL. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { seedCreation, seedRevocation, startOrders } from "../testing/orders.ts";
import { makeProject } from "../testing/project.ts";
import { startServer } from "../testing/server.ts";
import { exchangesOf, play, recordedOf, type Values } from "./replay.ts";

/** The operations of each client in their order: a later one lives on what an earlier one made. */
const order = {
  terraform: [
    "login",
    "project",
    "environment",
    "folder",
    "secret",
    "secret-import",
    "identity",
    "dynamic-secret",
    "not-served",
    "destroy",
    "patience",
  ],
  cli: ["login", "secrets", "folders", "dynamic-secrets", "agent", "person", "not-served"],
  "go-sdk": ["leases"],
  "node-sdk": ["again"],
  "python-sdk": ["reads"],
};

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const { organizationId, admin, identity } = server.bootstrap;
const { id: projectId, wire } = await makeProject(server, orders);
await wire.ok("POST", `/api/v1/projects/${projectId}/memberships`, { body: { emails: [admin.email] } });

const start: Values = {
  projectId,
  organizationId,
  email: admin.email,
  adminPassword: admin.password,
  clientId: identity.clientId,
  clientSecret: identity.clientSecret,
  ordersHost: orders.host,
  ordersPort: orders.port,
  ordersDatabase: orders.database,
  ordersAdmin: orders.admin.username,
  ordersPassword: orders.admin.password,
  creationStatement: seedCreation,
  revocationStatement: seedRevocation,
  now: new Date().toISOString(),
};

for (const [name, operations] of Object.entries(order)) {
  const recorded = recordedOf(name);
  test(`${name}: everything that is recorded is played`, () => {
    assert.deepEqual([...operations].sort(), recorded.operations);
  });
  const values = { ...start };
  for (const operation of operations) {
    for (const exchange of exchangesOf(name, operation)) {
      test(`${recorded.client.client}, ${operation}: ${exchange.title}`, () =>
        play(server.url, orders, recorded.client, exchange, values));
    }
  }
}

test("no account is left in the database", () => orders.settled([]));
