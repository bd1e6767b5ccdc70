import assert from "node:assert/strict";
import { test } from "node:test";
import { colours } from "./colours.ts";
import type { Sink } from "./world.ts";

function coloured(isTTY: boolean, env: Record<string, string> = {}, flags: { color?: boolean } = {}): boolean {
  return colours({ env }, flags, { isTTY } as Sink).red("x") !== "x";
}

test("a terminal has colours and a pipe has none", () => {
  assert.equal(coloured(true), true);
  assert.equal(coloured(false), false);
});

test("NO_COLOR, a dumb terminal and --no-color turn them off, FORCE_COLOR turns them on", () => {
  assert.equal(coloured(true, { NO_COLOR: "1" }), false);
  assert.equal(coloured(true, { NO_COLOR: "" }), true);
  assert.equal(coloured(true, { TERM: "dumb" }), false);
  assert.equal(coloured(true, {}, { color: false }), false);
  assert.equal(coloured(false, { FORCE_COLOR: "1" }), true);
  assert.equal(coloured(false, { FORCE_COLOR: "1" }, { color: false }), false);
});
