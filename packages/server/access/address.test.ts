import assert from "node:assert/strict";
import { test } from "node:test";
import { plainAddress } from "./address.ts";

test("IPv4 is IPv4 however a socket calls it, a zone is dropped, and what is no address is none", () => {
  const facts: [string | null, string | null][] = [
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.999", null],
    ["2001:db8::1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["unknown", null],
    ["10.0.0.1:443", null],
    ["", null],
    [null, null],
  ];
  for (const [given, plain] of facts) assert.equal(plainAddress(given), plain, String(given));
});
