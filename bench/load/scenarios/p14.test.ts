import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fits } from "../../crash/control.ts";
import { withoutAudit } from "./p14.ts";

test("what the copy without an audit trail changes is still there to be changed", () => {
  for (const { file, from } of withoutAudit) {
    const text = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
    assert.ok(fits(text, from), `${file} has no longer exactly one: ${from}`);
  }
});
