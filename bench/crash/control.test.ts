import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { changes, fits } from "./control.ts";
import { readSteps } from "./steps.ts";

const root = `${import.meta.dirname}/../..`;

test("the control's changes fit the engine as it is", () => {
  for (const { file, from } of changes)
    assert.ok(fits(readFileSync(`${root}/${file}`, "utf8"), from), `${file}: ${from}`);
});

test("the engine's named steps are found, and only that of the answer has no call", () => {
  const { called, uncalled } = readSteps(root);
  assert.ok(called.includes("create.sent") && called.includes("gone.committed"));
  assert.deepEqual(uncalled, ["answer.half"]);
});
