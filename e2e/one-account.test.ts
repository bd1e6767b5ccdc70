/** One call of the SDK is one account and one renewal, whatever happens to its connection. */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, test } from "node:test";
import { Dayfly } from "@dayfly/sdk";
import { startOrders } from "./testing/orders.ts";
import { makeProject, place, secretName } from "./testing/project.ts";
import { startServer, until } from "./testing/server.ts";

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const project = await makeProject(server, orders);
const way = await startWay();
after(() => way.stop());

/** What befalls a request. */
const faults = ["the request is cut", "the answer is lost", "half of the answer is lost"] as const;
type Fault = (typeof faults)[number];

interface Way {
  url: string;
  /** What befalls the next requests, one each. */
  ahead: Fault[];
  stop(): Promise<void>;
}

/** A way to the server on which connections break. */
async function startWay(): Promise<Way> {
  const open = new Set<Socket>();
  const listener = createServer((near) => {
    let fault: Fault | undefined;
    let asked = false;
    const far = connect(Number(new URL(server.url).port), "127.0.0.1");
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => {});
    }
    near.on("data", (part) => {
      // A request may come in parts.
      if (!asked) fault = way.ahead.shift();
      asked = true;
      far.write(part);
      if (fault !== "the request is cut") return;
      setTimeout(() => {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }, 5);
    });
    far.on("data", (part) => {
      asked = false;
      if (fault === "half of the answer is lost") near.write(part.subarray(0, part.length / 2));
      else if (fault === undefined) near.write(part);
      // The server has handed its answer over, and is not told that it went no further.
      if (fault !== undefined) setImmediate(() => near.resetAndDestroy());
    });
    near.on("close", () => far.end());
    far.on("close", () => near.end());
  });
  await new Promise<void>((settle) => listener.listen(0, "127.0.0.1", settle));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    ahead: [],
    stop() {
      for (const socket of open) socket.destroy();
      return new Promise((settle) => listener.close(() => settle()));
    },
  };
}

const token = await new Dayfly({ host: server.url, ...server.bootstrap.identity }).auth.token();
const client = new Dayfly({ host: way.url, token });

for (const fault of faults) {
  test(`R28: where ${fault}, one call comes to one account and one renewal`, async () => {
    for (let round = 0; round < 4; round += 1) {
      way.ahead.push(fault);
      const lease = await client.leases.create({ ...place, dynamicSecretName: secretName, ttl: "10m" });
      way.ahead.push(fault, fault);
      const { expireAt } = await client.leases.renew(lease.leaseId, { ...place, ttl: "10m" });
      assert.equal(Date.parse(expireAt), lease.expiresAt.getTime() + 600_000);
      const only = async () => (await orders.roles()).join() === lease.username;
      await until(20_000, only, async () => `of ${lease.username} and others: ${await orders.roles()}`);
      assert.equal((await project.leases()).length, 1);
      await project.revoke(lease.leaseId);
    }
    assert.deepEqual(way.ahead, []);
  });
}
