import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { holdOpen, startOrders } from "./testing/orders.ts";
import { makeProject, place, secretName } from "./testing/project.ts";
import { startServer, until } from "./testing/server.ts";

// E2E_LEASE_SECONDS=60 shows it with the shortest lease that the wire's default allows.
const SECONDS = Number(process.env.E2E_LEASE_SECONDS ?? 3);

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer(SECONDS < 60 ? {} : { MIN_LEASE_TTL: "60s" });
after(() => server.remove());
const project = await makeProject(server, orders);

test(`a lease of ${SECONDS} s works until its expiry, and within a second after it nothing of it works`, async (t) => {
  const lease = await project.lease(`${SECONDS}s`);
  const session = await holdOpen(orders, lease);
  await pause(lease.expireAt.getTime() - Date.now() - 300);
  assert.equal(await orders.login(lease), "accepted", "ended before its time");

  await until(10_000, async () => (await orders.login(lease)) === "refused", "still accepted 10 s after its expiry");
  const late = Date.now() - lease.expireAt.getTime();
  t.diagnostic(`login refused ${late} ms after the expiry`);
  assert.ok(late > -50 && late < 1_000, `login refused ${late} ms after the expiry`);
  await session.cut;
  await orders.settled([]);
  // The role is gone before the row can say so.
  await until(2_000, async () => (await project.leases()).length === 0, "the lease is still listed");
});

test("a changed TTL holds for the next lease, and earlier leases keep theirs", async () => {
  const old = await project.lease();
  await project.wire.ok("PATCH", `/api/v1/dynamic-secrets/${secretName}`, {
    body: { ...place, data: { defaultTTL: "30m" } },
  });
  const asked = Date.now();
  const next = await project.lease();
  assert.ok(Math.abs(next.expireAt.getTime() - asked - 1_800_000) < 5_000, "the next lease has 30 minutes");
  const listed = (await project.leases()).find((lease) => lease.id === old.id);
  assert.equal(new Date(listed.expireAt).getTime(), old.expireAt.getTime());
  for (const lease of [old, next]) assert.equal((await project.revoke(lease.id)).status, 200);
});
