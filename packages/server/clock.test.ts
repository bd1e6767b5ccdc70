import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keepClock } from "./clock.ts";
import { type TestServer, testServer } from "./testing/server.ts";

let server: TestServer;
before(async () => {
  server = await testServer();
});
after(() => server.stop());

test("a clock two seconds off the database's is told, and one thirty seconds off is not ready until it is set", async () => {
  let off = 0;
  const told: unknown[] = [];
  const log = { warn: (fields: unknown) => void told.push(fields) } as unknown as Parameters<typeof keepClock>[1];
  const clock = await keepClock(server.running.store, log, () => Date.now() + off);
  try {
    assert.deepEqual([told, clock.fault()], [[], null]);
    off = 5_000;
    await clock.look();
    assert.deepEqual([told, clock.fault()], [[{ aheadSeconds: 5 }], null]);
    off = -40_000;
    await clock.look();
    assert.match(clock.fault()!, /40 s behind the database's/);
    off = 0;
    await clock.look();
    assert.equal(clock.fault(), null);
  } finally {
    clock.stop();
  }
});
