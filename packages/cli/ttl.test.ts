import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTtl, clock, instant, lengthOf } from "./ttl.ts";

test("a TTL without a unit is refused with the way to say it", () => {
  assert.throws(() => checkTtl("--ttl", "90"), { message: "--ttl 90 has no unit", code: 2 });
  assert.throws(() => checkTtl("--ttl", "1.5 "), { code: 2 });
  for (const text of ["", "soon", "-3m", "2x", "0s"]) assert.throws(() => checkTtl("--ttl", text), { code: 2 });
  for (const text of ["30m", "2 days", "1d12h", "1.5h", "PT2H"]) assert.equal(checkTtl("--ttl", text), text);
});

test("lengths of time are shown in their two largest units", () => {
  const lengths = [0, 999, 61_000, 3_600_000, 5_400_000, 90_061_000].map(lengthOf);
  assert.deepEqual(lengths, ["0s", "0s", "1m1s", "1h", "1h30m", "1d1h"]);
});

test("a time has its date on any day but today", () => {
  const now = new Date("2026-01-31T12:00:00Z");
  assert.equal(clock(new Date("2026-01-31T14:00:00.500Z"), now), "14:00:00 UTC");
  assert.equal(clock(new Date("2026-02-01T00:00:00Z"), now), "2026-02-01 00:00:00 UTC");
  assert.equal(instant("2026-01-31T14:00:00.999Z"), "2026-01-31T14:00:00Z");
});
