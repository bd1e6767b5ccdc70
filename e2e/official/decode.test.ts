import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsOf, type Type } from "./decode.ts";

const types: Record<string, Type> = { Lease: { id: "string!", expireAt: "time" } };
const faults = (value: unknown, type: Type) => faultsOf(value, type, types);

test("a number where a text is wanted, and a text where a time is, break a decoder", () => {
  assert.deepEqual(faults({ id: 7, expireAt: "" }, "Lease"), [
    "the answer.id is no string",
    "the answer.expireAt is no time",
  ]);
  assert.deepEqual(faults({ id: "a", expireAt: 1_764_000_000 }, "Lease"), ["the answer.expireAt is no time"]);
});

test("missing fields and null are zero values, unknown fields no matter", () => {
  assert.deepEqual(faults({ id: "a", expireAt: null, more: {} }, "Lease"), []);
  assert.deepEqual(faults(null, ["Lease"]), []);
});

test("what a client cannot do without must be there and not empty", () => {
  for (const without of [{}, { id: null }, { id: "" }]) {
    assert.deepEqual(faults(without, "Lease"), ["the answer.id is missing: string!"]);
  }
});

test("lists are looked at entry by entry", () => {
  assert.deepEqual(faults([{ id: "a" }, { id: 1 }], "[]Lease"), ["the answer.1.id is no string"]);
  assert.deepEqual(faults({ 0: { id: "a" } }, "[]Lease"), ["the answer is no list"]);
  assert.deepEqual(faults(1.5, "int"), ["the answer is no int"]);
});

test("a JWT must say in itself that it has not ended", () => {
  const jwt = (exp: number) => `x.${Buffer.from(JSON.stringify({ exp })).toString("base64url")}.x`;
  assert.deepEqual(faults(jwt(Date.now() / 1000 + 60), "jwt"), []);
  assert.deepEqual(faults(jwt(Date.now() / 1000 - 60), "jwt"), ["the answer is no jwt"]);
  assert.deepEqual(faults("opaque", "jwt"), ["the answer is no jwt"]);
});
