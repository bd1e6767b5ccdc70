import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidInputs, RuleBroken } from "./errors.ts";
import { checkTtls, inWords, leaseTtl } from "./limits.ts";
import { delayAfter } from "./verdict.ts";

const settings = {
  minTtl: 60,
  maxLeases: 10,
  createLimitMs: 8_000,
  allowLoopbackTargets: true,
  requireTargetTls: false,
};
const any = { renewable: true, revocable: true, nativeExpiry: true, minTtl: 1, maxTtl: null, revokeTakes: 0 };
const ttl = (text: string, seconds: number) => ({ text, seconds });

test("a default TTL above the max TTL is refused at save, and the message says both", () => {
  assert.throws(
    () => checkTtls(settings, any, ttl("4h", 14400), ttl("2h", 7200)),
    (error: Error) => {
      assert.ok(error instanceof InvalidInputs);
      assert.match(error.message, /4h.*2h/);
      return true;
    },
  );
});

test("a TTL below the type's floor is refused, not stretched", () => {
  const kubernetes = { ...any, minTtl: 600 };
  assert.throws(() => checkTtls(settings, kubernetes, ttl("5m", 300), null), /greater than 10m; 5m was given/);
  assert.throws(
    () => leaseTtl(settings, kubernetes, 300, { default_ttl_seconds: 3600, max_ttl_seconds: null }),
    InvalidInputs,
  );
});

test("a lease longer than the max TTL is refused with the wire's words", () => {
  const secret = { default_ttl_seconds: 3600, max_ttl_seconds: 7200 };
  assert.throws(
    () => leaseTtl(settings, any, 7201, secret),
    (error: Error) => {
      assert.ok(error instanceof RuleBroken);
      assert.match(error.message, /^TTL cannot be larger than max TTL/);
      return true;
    },
  );
  assert.equal(leaseTtl(settings, any, 7200, secret), 7200);
  assert.equal(leaseTtl(settings, any, null, secret), 3600);
});

test("lengths are said in whole units", () => {
  assert.equal(inWords(0), "0s");
  assert.equal(inWords(2_460), "41m");
  assert.equal(inWords(97_200), "1d 3h");
});

test("attempts come after 1, 2, 4 … 300 s, give or take a fifth, without end", () => {
  assert.equal(
    delayAfter(1, () => 0.5),
    1,
  );
  assert.equal(
    delayAfter(4, () => 0.5),
    8,
  );
  assert.equal(
    delayAfter(1_000_000, () => 0.5),
    300,
  );
  assert.equal(Math.round(delayAfter(1_000_000, () => 1)), 360);
  assert.equal(
    delayAfter(1, () => 0),
    0.8,
  );
});
