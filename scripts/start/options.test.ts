import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";

test("without flags the demo is there and kept", () => {
  assert.deepEqual(readOptions([]), { demo: true, resetDemo: false, help: false });
});

test("a flag that is not there is refused by its name, with the way to the right ones", () => {
  assert.throws(() => readOptions(["--no-demos"]), /--no-demos[\s\S]*npm start -- --help/);
});

test("no demo and a new demo exclude each other", () => {
  assert.throws(() => readOptions(["--no-demo", "--reset-demo"]), TypeError);
});
