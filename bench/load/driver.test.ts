import assert from "node:assert/strict";
import { test } from "node:test";
import { drive, joinRuns } from "./driver.ts";
import { Histogram } from "./histogram.ts";

test("a percentile is exact to a sixteenth of a doubling, and the longest is exact", () => {
  const times = new Histogram();
  for (let ms = 1; ms <= 1_000; ms += 1) times.add(ms);
  for (const share of [0.5, 0.9, 0.99]) {
    const exact = share * 1_000;
    assert.ok(times.at(share) >= exact && times.at(share) < exact * 1.05, `${share}: ${times.at(share)}`);
  }
  assert.equal(times.max, 1_000);
  assert.equal(new Histogram().at(0.99), 0);
});

test("a load counts what was done, what failed by kind, and not what came first", async () => {
  let calls = 0;
  const run = await drive({ workers: 3, seconds: 60, count: 20, warmup: 5 }, async (_worker, index) => {
    calls += 1;
    if (index === 7) throw Object.assign(new Error("no"), { kind: "503 RevocationPending" });
    if (index === 9) throw Object.assign(new Error("no"), { code: "ECONNRESET" });
  });
  assert.equal(calls, 25);
  assert.equal(run.done, 18);
  assert.deepEqual(run.errors, { "503 RevocationPending": 1, ECONNRESET: 1 });
});

test("each worker has one act at a time, and every index comes once", async () => {
  const busy = new Set<number>();
  const seen = new Set<number>();
  await drive({ workers: 4, seconds: 60, count: 50 }, async (worker, index) => {
    assert.ok(!busy.has(worker) && !seen.has(index));
    busy.add(worker);
    seen.add(index);
    await new Promise((resolve) => setImmediate(resolve));
    busy.delete(worker);
  });
  assert.equal(seen.size, 50);
});

test("a load that only fails ends", async () => {
  const run = await drive({ workers: 50, seconds: 60 }, () => Promise.reject(new TypeError("broken")));
  assert.equal(run.done, 0);
  assert.ok(run.errors.TypeError! > 200);
});

test("loads one after the other are one load", async () => {
  const load = { workers: 1, seconds: 60, count: 10 };
  const runs = [await drive(load, async () => {}), await drive(load, () => Promise.reject(new TypeError("no")))];
  const joined = joinRuns(runs);
  assert.equal(joined.done, 10);
  assert.equal(joined.seconds, runs[0]!.seconds + runs[1]!.seconds);
  assert.deepEqual(joined.errors, { TypeError: 10 });
});
