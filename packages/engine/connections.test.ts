import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyTarget, Net } from "@dayfly/targets";
import { createConnections, type Endpoint } from "./connections.ts";

const netOf = (signal: AbortSignal): Net => ({
  dial: () => Promise.reject(new Error("no")),
  signal,
  requireTls: false,
});
const forever = new AbortController().signal;

/** A target whose connections are counted; `dead` ones fail when asked for the time. */
function counted(): { endpoint: Endpoint; opened: () => number; closed: () => number; dead: Set<number> } {
  let opened = 0;
  let closed = 0;
  const dead = new Set<number>();
  const target = {
    connect: async () => {
      opened += 1;
      return opened;
    },
    close: async () => {
      closed += 1;
    },
    clock: async (client: number) => {
      if (dead.has(client)) throw new Error("gone");
      return new Date();
    },
  } as unknown as AnyTarget;
  return { endpoint: { key: "k", target, config: {} }, opened: () => opened, closed: () => closed, dead };
}

test("a connection is reused, one call at a time", async () => {
  const { endpoint, opened } = counted();
  const connections = createConnections(netOf);
  await connections.use(endpoint, forever, async () => undefined);
  await connections.use(endpoint, forever, async () => undefined);
  assert.equal(opened(), 1);
  await Promise.all([1, 2].map(() => connections.use(endpoint, forever, async () => undefined)));
  assert.equal(opened(), 2);
  await connections.close();
});

test("another configuration never meets an old connection", async () => {
  const { endpoint, opened } = counted();
  const connections = createConnections(netOf);
  await connections.use(endpoint, forever, async () => undefined);
  await connections.use({ ...endpoint, key: "k2" }, forever, async () => undefined);
  assert.equal(opened(), 2);
  await connections.close();
});

test("an idle connection that has died is replaced before it is used", async () => {
  const { endpoint, opened, closed, dead } = counted();
  let now = 0;
  const connections = createConnections(netOf, () => now);
  await connections.use(endpoint, forever, async () => undefined);
  dead.add(1);
  now += 1_000;
  const client = await connections.use(endpoint, forever, async (link) => link.client);
  assert.equal(client, 2);
  assert.deepEqual([opened(), closed()], [2, 1]);
  await connections.close();
});

test("the connection of a failed call is closed, not reused", async () => {
  const { endpoint, opened, closed } = counted();
  const connections = createConnections(netOf);
  await assert.rejects(
    connections.use(endpoint, forever, async () => {
      throw new Error("refused");
    }),
    /refused/,
  );
  await connections.use(endpoint, forever, async () => undefined);
  assert.deepEqual([opened(), closed()], [2, 1]);
  await connections.close();
  assert.equal(closed(), 2);
});

test("a deadline cuts off a call of the target, and what else the work does goes on", async () => {
  const { endpoint } = counted();
  const connections = createConnections(netOf);
  const stop = new AbortController();
  let wrote = false;
  const used = connections.use(endpoint, stop.signal, async (link) => {
    setImmediate(() => stop.abort(new Error("deadline")));
    try {
      await link.run(new Promise(() => undefined));
    } catch (error) {
      wrote = true;
      throw error;
    }
  });
  await assert.rejects(used, /deadline/);
  assert.equal(wrote, true);
  await connections.close();
});
