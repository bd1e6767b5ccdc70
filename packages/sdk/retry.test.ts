import assert from "node:assert/strict";
import { test } from "node:test";
import { WireError } from "@dayfly/contract";
import { patient, persist } from "./retry.ts";

function clock() {
  let now = 0;
  return { now: () => now, pass: (ms: number) => (now += ms) };
}

test("pauses are drawn from nought up to 200 ms, then 400 ms", async () => {
  const pauses: number[] = [];
  const { setTimeout: original } = globalThis;
  // The pause itself is not waited for, only written down.
  globalThis.setTimeout = ((act: () => void, ms: number) => {
    pauses.push(ms);
    return original(act, 0);
  }) as typeof setTimeout;
  try {
    const around = { origin: "http://h", patience: patient, now: () => 0, random: () => 0.5 };
    await assert.rejects(persist(around, true, () => Promise.reject(passing())));
  } finally {
    globalThis.setTimeout = original;
  }
  assert.deepEqual(pauses, [100, 200]);
});

test("no try begins after the time in all is over", async () => {
  const { now, pass } = clock();
  let tries = 0;
  const around = { origin: "http://h", patience: { tries: 9, tryMs: 10, totalMs: 25 }, now, random: () => 0 };
  const attempt = () => {
    tries++;
    pass(10);
    return Promise.reject(passing());
  };
  await assert.rejects(persist(around, true, attempt));
  assert.equal(tries, 3);
});

test("a mistake in the request itself is not asked again and stays what it is", async () => {
  let tries = 0;
  const around = { origin: "http://h", patience: patient, now: () => 0, random: () => 0 };
  const attempt = () => {
    tries++;
    return Promise.reject(new TypeError("secretName must be a name"));
  };
  await assert.rejects(persist(around, true, attempt), TypeError);
  assert.equal(tries, 1);
});

function passing(): WireError {
  return new WireError({ status: 502, error: "BadGateway", message: "no" });
}
