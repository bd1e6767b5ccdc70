import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NameTaken, TargetError } from "../../index.ts";
import { classify, explain, hasCode, PostgresError } from "./errors.ts";

describe("an error of PostgreSQL", () => {
  test("has the class that decides what its lease waits for", () => {
    const classes = {
      "28P01": "auth",
      "28000": "auth",
      "57P01": "unreachable",
      "25P03": "unreachable",
      "08006": "unreachable",
      "53300": "busy",
      "40P01": "busy",
      XX000: "busy",
      "57014": "busy",
      "42501": "refused",
      "2BP01": "refused",
    };
    for (const [code, expected] of Object.entries(classes))
      assert.equal(classify(new PostgresError(code, 0)), expected, code);
    assert.equal(classify(new TargetError("auth", "no")), "auth");
    assert.equal(classify(new Error("who knows")), "refused");
  });

  test("is one sentence of ours with its code", () => {
    assert.equal(explain(new PostgresError("42P01", 0)), "PostgreSQL: there is no table of that name (42P01)");
    assert.equal(explain(new PostgresError("ZZ999", 0)), "PostgreSQL refused it with SQLSTATE ZZ999");
    assert.equal(explain(new NameTaken("taken")), "taken");
  });

  test("that is not ours is not repeated", () => {
    assert.doesNotMatch(explain(new Error("password=hunter2")), /hunter2/);
    assert.equal(hasCode(new Error("x"), "42P01"), false);
  });
});
