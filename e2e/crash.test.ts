import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startOrders } from "./testing/orders.ts";
import { type Credential, makeProject, over, type Project, place } from "./testing/project.ts";
import { startServer, until } from "./testing/server.ts";
import { signIn } from "./testing/wire.ts";

const KILLS = Number(process.env.E2E_KILLS ?? 10);
const WORKERS = 6;

/** What the server has answered about a lease, and with it promised. */
interface Promised extends Credential {
  /** no: it lives. asked: no answer came, so it may have ended. promised: 503, it will end. proven: 200, it has. */
  end: "no" | "asked" | "promised" | "proven";
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
      const lease: Promised = { ...(await on.lease("30m")), end: "no" };
      promised.push(lease);
      if (Math.random() < 0.5) {
        const renewed = await on.renew(lease.id, "10m");
        assert.equal(renewed.status, 200, renewed.text);
        lease.expireAt = new Date(renewed.body.lease.expireAt);
      }
      if (Math.random() < 0.6) {
        lease.end = "asked";
        const answer = await on.revoke(lease.id);
        if (answer.status !== 200) assert.equal(answer.body.error, "RevocationPending", answer.text);
        lease.end = answer.status === 200 ? "proven" : "promised";
      }
    } catch (error) {
      if (!stopped()) throw error;
    }
  }
}

async function checkPromises(settled = false): Promise<void> {
  const told = new Map<string, number>();
  for (const lease of promised) {
    const path = `/api/v1/dynamic-secrets/leases/${lease.id}`;
    const { status, body } = await project.wire.call("GET", path, { query: place });
    if (lease.end === "proven" || (settled && lease.end === "promised")) {
      assert.equal(status, 404, `a lease whose revocation was answered (${lease.end}) is back`);
      assert.equal(await orders.login(lease), "refused", "a revoked credential works again");
    } else if (lease.end === "no") {
      assert.equal(status, 200, `an answered lease is lost: ${lease.id}`);
      const expireAt = new Date(body.lease.expireAt).getTime();
      assert.ok(expireAt >= lease.expireAt.getTime(), "an answered renewal is lost");
      told.set(lease.username, expireAt);
      assert.equal(await orders.login(lease), "accepted", "an answered lease does not log in");
    }
  }
  // Afterwards: a renewal that the kill interrupted is finished before the lease is told of.
  for (const { role, end } of await orders.ends()) {
    assert.ok(end >= (told.get(role) ?? 0), "PostgreSQL ends the credential before the lease does");
    told.delete(role);
  }
  assert.equal(told.size, 0, "a lease has no account");
}

/** Kills the server in the midst of its work, starts it again, and asks for everything that it has ever answered. */
async function survive(t: TestContext, what: "tree" | "node"): Promise<void> {
  const known = promised.length;
  let killed = false;
  const working = Promise.all(Array.from({ length: WORKERS }, () => work(project, () => killed)));
  await Promise.race([pause(300 + Math.random() * 1_200), working]);
  killed = true;
  await server.kill(what);
  await working;

  const began = performance.now();
  await server.restart();
  const took = Math.round(performance.now() - began);
  t.diagnostic(`${promised.length - known} leases answered, ready again in ${took} ms`);
  project = over(await signIn(server.url, server.bootstrap.identity), project.id);
  await checkPromises();
}

for (let kill = 1; kill <= KILLS; kill += 1) {
  test(`after kill -9 number ${kill} of the whole tree the next start works and keeps what was answered`, (t) =>
    survive(t, "tree"));
}

test("after kill -9 of node alone the next start finds its database running and goes on", (t) => survive(t, "node"));

test("and once more of the whole tree, whose database is nobody's child by now", (t) => survive(t, "tree"));

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
  await checkPromises(true);

  for (const { id } of await project.leases()) assert.equal((await project.revoke(id)).status, 200);
  assert.deepEqual(await orders.roles(), []);
});
