import assert from "node:assert/strict";
import { createSecretKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import { SealBroken } from "./errors.ts";
import { type Field, open, seal } from "./sealing.ts";

const key = createSecretKey(randomBytes(32));
const here: Field = { table: "secrets", column: "value", row: "1", project: "p" };

test("a sealed value opens in its own place", () => {
  const sealed = seal(key, 7, here, Buffer.from("hunter2"));
  assert.equal(open(key, here, sealed).toString(), "hunter2");
  assert.ok(!sealed.includes("hunter2"));
});

test("K01: a value moved to another row, column, table or project does not open", () => {
  const sealed = seal(key, 7, here, Buffer.from("hunter2"));
  const elsewhere: Field[] = [
    { ...here, row: "2" },
    { ...here, column: "comment" },
    { ...here, table: "leases" },
    { ...here, project: "q" },
    { ...here, project: null },
    // Lengths are part of the associated data: parts cannot be shifted into each other.
    { table: "secret", column: "svalue", row: "1", project: "p" },
  ];
  for (const place of elsewhere) assert.throws(() => open(key, place, sealed), SealBroken);
});

test("K01: no single flipped bit opens", () => {
  const sealed = seal(key, 7, here, Buffer.from("hunter2"));
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => open(key, here, flipped), SealBroken, `bit ${bit}`);
  }
});

test("K01: a shortened tag does not open", () => {
  const sealed = seal(key, 7, here, Buffer.from("a longer secret than the tag is"));
  for (let cut = 1; cut <= 16; cut += 1) {
    assert.throws(() => open(key, here, sealed.subarray(0, sealed.length - cut)), SealBroken);
  }
});

test("another key does not open, and the same text is never sealed alike", () => {
  const sealed = seal(key, 7, here, Buffer.from("hunter2"));
  assert.throws(() => open(createSecretKey(randomBytes(32)), here, sealed), SealBroken);
  assert.ok(!sealed.equals(seal(key, 7, here, Buffer.from("hunter2"))));
});
