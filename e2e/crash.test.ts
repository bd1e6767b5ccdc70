import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startOrders } from "./testing/orders.ts";
import { type Credential, makeProject, over, type Project, place } from "./testing/project.ts";
import { startServer, until } from "./testing/server.ts";
import { signIn } from "./testing/wire.ts";

const KILLS = Number(process.env.E2E_KILLS ?? 10);
const WORKERS = 6;

/** What the server has answered about a lease, and with it promised. */
interface Promised extends Credential {
  /** A revocation was asked for, so the account may end at any time from here on. */
  revokeAsked: boolean;
  /** And it was answered with 200. */
  revoked: boolean;
}

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
let project = await makeProject(server, orders);
const promised: Promised[] = [];

/** Leases, renews and revokes until the server is gone; remembers only what was answered. */
async function work(on: Project, stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    try {
      const lease: Promised = { ...(await on.lease("30m")), revokeAsked: false, revoked: false };
      promised.push(lease);
      if (Math.random() < 0.5) {
        const renewed = await on.renew(lease.id, "10m");
        assert.equal(renewed.status, 200, renewed.text);
        lease.expireAt = new Date(renewed.body.lease.expireAt);
      }
      if (Math.random() < 0.6) {
        lease.revokeAsked = true;
        const answer = await on.revoke(lease.id);
        assert.ok([200, 503].includes(answer.status), answer.text);
        lease.revoked = answer.status === 200;
      }
    } catch (error) {
      if (!stopped()) throw error;
    }
  }
}

async function checkPromises(): Promise<void> {
  for (const lease of promised) {
    const path = `/api/v1/dynamic-secrets/leases/${lease.id}`;
    const { status, body } = await project.wire.call("GET", path, { query: place });
    if (lease.revoked) {
      assert.equal(status, 404, "a lease whose revocation was answered is back");
      assert.equal(await orders.login(lease), "refused", "a revoked credential works again");
    } else if (!lease.revokeAsked) {
      assert.equal(status, 200, `an answered lease is lost: ${lease.id}`);
      assert.ok(new Date(body.lease.expireAt).getTime() >= lease.expireAt.getTime(), "an answered renewal is lost");
      assert.equal(await orders.login(lease), "accepted", "an answered lease does not log in");
    }
  }
}

for (let kill = 1; kill <= KILLS; kill += 1) {
  test(`after kill -9 number ${kill} of the whole tree the next start works and keeps what was answered`, async (t) => {
    const known = promised.length;
    let killed = false;
    const workers = Array.from({ length: WORKERS }, () => work(project, () => killed));
    const working = Promise.all(workers);
    await Promise.race([pause(300 + Math.random() * 1_200), working]);
    killed = true;
    await server.kill();
    await working;

    const began = performance.now();
    await server.restart();
    t.diagnostic(
      `${promised.length - known} leases answered, ready again in ${Math.round(performance.now() - began)} ms`,
    );
    project = over(await signIn(server.url, server.bootstrap.identity), project.id);
    await checkPromises();
  });
}

test("once it has settled, the target holds exactly the roles of live leases", async (t) => {
  assert.ok(promised.length >= KILLS, `only ${promised.length} leases were answered: the runs prove little`);
  const began = performance.now();
  const state = async (): Promise<{ roles: string[]; live: string[]; ending: number }> => {
    const listed = await project.leases();
    const live = listed.filter((lease) => lease.status === null).map((lease) => String(lease.externalEntityId));
    return { roles: (await orders.roles()).sort(), live: live.sort(), ending: listed.length - live.length };
  };
  const agree = async (): Promise<boolean> => {
    const { roles, live, ending } = await state();
    return ending === 0 && JSON.stringify(roles) === JSON.stringify(live);
  };
  // A create cut off in its middle is proven gone only once nothing of it can land any more.
  await until(120_000, agree, async () => `not settled: ${JSON.stringify(await state())}`);
  t.diagnostic(
    `${promised.length} leases answered, settled ${Math.round((performance.now() - began) / 1000)} s after the last start`,
  );
  await checkPromises();

  for (const { id } of await project.leases()) assert.equal((await project.revoke(id)).status, 200);
  assert.deepEqual(await orders.roles(), []);
});
