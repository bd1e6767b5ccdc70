import assert from "node:assert/strict";
import { request } from "node:http";
import { after, test } from "node:test";
import { setImmediate as immediate, setTimeout as pause } from "node:timers/promises";
import { startOrders } from "./testing/orders.ts";
import { makeProject, place, secretName } from "./testing/project.ts";
import { startServer, until } from "./testing/server.ts";
import { openStoreOf } from "./testing/store.ts";

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const project = await makeProject(server, orders);

/** Asks for a lease and breaks the connection so many milliseconds after the request has left; says whether an answer came. */
function leaseAndLeave(afterMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let answered = false;
    const headers = { ...project.wire.headers, "content-type": "application/json" };
    const call = request(`${server.url}/api/v1/dynamic-secrets/leases`, { method: "POST", headers });
    call.on("error", () => {});
    call.on("response", () => {
      answered = true;
    });
    call.on("close", () => resolve(answered));
    call.end(JSON.stringify({ ...place, dynamicSecretName: secretName }), async () => {
      await pause(afterMs);
      // What lies in the socket by now counts as an answer.
      await immediate();
      call.destroy();
    });
  });
}

test("R28: a lease whose caller has left before the answer is taken back", async (t) => {
  const began = performance.now();
  const first = await project.lease();
  const usual = performance.now() - began;
  await project.revoke(first.id);
  const store = await openStoreOf(server);
  const ends = async (): Promise<{ state: string; reason: string | null; n: number }[]> =>
    (await store.query("select state, reason, count(*)::int as n from leases group by 1, 2 order by 1, 2")).rows;
  let answered = 0;
  for (let at = 0; at < 16; at += 1) if (await leaseAndLeave((usual * at) / 12)) answered += 1;

  const settled = async (): Promise<boolean> => {
    const all = await ends();
    const left = all.some(({ reason }) => reason === "client-left");
    return left && all.every(({ state, n }) => state === "gone" || (state === "active" && n === answered));
  };
  await until(60_000, settled, async () => `${answered} were answered, and it came to ${JSON.stringify(await ends())}`);
  t.diagnostic(JSON.stringify(await ends()));
  await store.end();
  const live = await project.leases();
  assert.deepEqual((await orders.roles()).sort(), live.map((lease) => lease.externalEntityId).sort());
});
