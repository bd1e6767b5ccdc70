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

test("renewals of one lease at once: each that is answered with 200 has added its time, and no other has", async () => {
  const lease = await project.lease();
  const answers = await Promise.all(Array.from({ length: 8 }, () => project.renew(lease.id, "1m")));
  const added = answers.filter(({ status }) => status === 200).length;
  assert.ok(added >= 1);
  for (const { status, text } of answers) assert.ok([200, 409].includes(status), text);
  const [listed] = await project.leases();
  assert.equal(new Date(listed.expireAt).getTime(), lease.expireAt.getTime() + added * 60_000);
  assert.equal((await project.revoke(lease.id)).status, 200);
});

test("R16: once a revocation is answered, renewals that ran beside it leave nothing that logs in", async () => {
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      const lease = await project.lease();
      const renewals = Array.from({ length: 3 }, () => project.renew(lease.id, "1m"));
      const revoked = await project.revoke(lease.id);
      assert.equal(revoked.status, 200, revoked.text);
      assert.equal(await orders.login(lease), "refused");
      for (const { status, text } of await Promise.all(renewals))
        assert.ok([200, 400, 404, 409].includes(status), text);
      assert.equal(await orders.login(lease), "refused");
    }),
  );
  assert.deepEqual(await orders.roles(), []);
  assert.deepEqual(await project.leases(), []);
});

test("R08: the same lease revoked many times at once ends once, and every answer is 200", async () => {
  const lease = await project.lease();
  const answers = await Promise.all(Array.from({ length: 8 }, () => project.revoke(lease.id)));
  assert.deepEqual(
    answers.filter(({ status }) => status !== 200).map(({ text }) => text),
    [],
  );
  assert.equal(await orders.login(lease), "refused");
});

test("R32: of more leases at once than the limit allows exactly as many as it allows are made", async () => {
  await server.stop();
  await server.restart({ MAX_LEASE_LIMIT: "5" });
  const made = await Promise.allSettled(Array.from({ length: 12 }, () => project.lease()));
  const refusals = made.filter((one) => one.status === "rejected").map((one) => String(one.reason));
  assert.equal(refusals.length, 7);
  for (const refusal of refusals) assert.match(refusal, /400 .*Max lease limit reached\. Limit: 5/);
  assert.equal((await orders.roles()).length, 5);
  const leases = made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  await Promise.all(leases.map((lease) => project.revoke(lease.id)));
  const after = await project.lease();
  assert.equal((await project.revoke(after.id)).status, 200);
});
