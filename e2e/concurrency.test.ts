import assert from "node:assert/strict";
import { after, test } from "node:test";
import { holdOpen, startOrders } from "./testing/orders.ts";
import { makeProject } from "./testing/project.ts";
import { startServer } from "./testing/server.ts";

const AT_ONCE = 32;

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const project = await makeProject(server, orders);

test(`${AT_ONCE} leases at once with the seed's statements all log in, and ${AT_ONCE} revocations at once leave nothing`, async (t) => {
  const began = performance.now();
  const leases = await Promise.all(Array.from({ length: AT_ONCE }, () => project.lease()));
  t.diagnostic(`${AT_ONCE} leases in ${Math.round(performance.now() - began)} ms`);
  assert.equal(new Set(leases.map((lease) => lease.username)).size, AT_ONCE);
  assert.equal(new Set(leases.map((lease) => lease.password)).size, AT_ONCE);

  const sessions = await Promise.all(leases.map((lease) => holdOpen(orders, lease)));
  const asked = performance.now();
  const revoked = await Promise.all(
    leases.map(async (lease) => {
      const { status, text } = await project.revoke(lease.id);
      return { status, text, answered: performance.now() };
    }),
  );
  assert.deepEqual(
    revoked.filter(({ status }) => status !== 200),
    [],
  );
  assert.deepEqual(await orders.roles(), []);
  const cuts = await Promise.all(sessions.map((session) => session.cut));
  const slowest = Math.max(...cuts) - asked;
  t.diagnostic(
    `${AT_ONCE} revocations in ${Math.round(performance.now() - asked)} ms, last session cut after ${Math.round(slowest)} ms`,
  );
  assert.ok(slowest < 2_000, `the last session was cut ${slowest} ms after the revocations were asked for`);
  for (const lease of leases) assert.equal(await orders.login(lease), "refused");
});
