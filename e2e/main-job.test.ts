import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { holdOpen, startOrders } from "./testing/orders.ts";
import { makeProject } from "./testing/project.ts";
import { startServer } from "./testing/server.ts";

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const project = await makeProject(server, orders);

test("a leased credential reads, may not write, and after its renewal and revocation nothing of it is left", async () => {
  const asked = Date.now();
  const lease = await project.lease();
  assert.match(lease.username, /^[A-Za-z][A-Za-z0-9]{31}$/);
  assert.match(lease.password, /^[A-Za-z0-9]{48}$/);
  assert.ok(Math.abs(lease.expireAt.getTime() - asked - 7_200_000) < 5_000, "two hours by default");
  assert.deepEqual(await orders.roles(), [lease.username]);

  const client = await orders.open(lease);
  const { rows } = await client.query("select count(*)::int as n from orders");
  assert.ok(rows[0].n > 0);
  await assert.rejects(client.query("insert into orders (customer_id, total) values (1, 1)"), { code: "42501" });
  await client.end();

  const renewed = await project.renew(lease.id, "1h");
  assert.equal(renewed.status, 200, renewed.text);
  assert.equal(new Date(renewed.body.lease.expireAt).getTime(), lease.expireAt.getTime() + 3_600_000);
  const [native] = await orders.ends();
  const beyond = native!.end - lease.expireAt.getTime() - 3_600_000;
  assert.ok(beyond >= 0 && beyond < 60_000, `PostgreSQL itself ends it ${beyond} ms after the lease`);

  const session = await holdOpen(orders, lease);
  const before = performance.now();
  const revoked = await project.revoke(lease.id);
  assert.equal(revoked.status, 200, revoked.text);
  const cutAfter = await Promise.race([session.cut, pause(2_000, null)]);
  assert.ok(cutAfter !== null && cutAfter - before < 2_000, "the open session was not cut within 2 s");
  assert.equal(await orders.login(lease), "refused");
  assert.deepEqual(await orders.roles(), []);
});

test("revoking twice succeeds, and an ended lease is not found", async () => {
  const lease = await project.lease();
  assert.equal((await project.revoke(lease.id)).status, 200);
  assert.equal((await project.revoke(lease.id)).status, 200);
  const query = { projectSlug: "my-project", environmentSlug: "prod", path: "/database/dynamic" };
  assert.equal((await project.wire.call("GET", `/api/v1/dynamic-secrets/leases/${lease.id}`, { query })).status, 404);
  assert.deepEqual(await project.leases(), []);
});

test("a renewal past the maximum is refused, says how much room is left, and changes nothing", async () => {
  const lease = await project.lease();
  const refused = await project.renew(lease.id, "3h");
  assert.equal(refused.status, 400, refused.text);
  assert.match(refused.body.message, /at most (2h|119m|1h ?59m|1h|7[12]\d\ds?)/);
  const [listed] = await project.leases();
  assert.equal(new Date(listed.expireAt).getTime(), lease.expireAt.getTime());
  assert.equal((await project.renew(lease.id, "1h")).status, 200);
  assert.equal((await project.revoke(lease.id)).status, 200);
});

test("deleting the dynamic secret takes its accounts with it and frees its name", async () => {
  const leases = await Promise.all([project.lease(), project.lease(), project.lease()]);
  const body = { projectSlug: "my-project", environmentSlug: "prod", path: "/database/dynamic" };
  const { dynamicSecret } = await project.wire.ok("DELETE", "/api/v1/dynamic-secrets/postgres-readonly-access", {
    body,
  });
  assert.equal(dynamicSecret.status, "Revocation in process");
  await orders.settled([]);
  for (const lease of leases) assert.equal(await orders.login(lease), "refused");
});

test("a stopped server ends with 0 and leaves nothing running", async () => {
  assert.equal(await server.stop(), 0);
});
