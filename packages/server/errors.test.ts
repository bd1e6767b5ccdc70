import assert from "node:assert/strict";
import { test } from "node:test";
import { errors } from "@dayfly/contract";
import * as engine from "@dayfly/engine";
import * as store from "@dayfly/store";
import { answerTo, isMapped } from "./errors.ts";
import { createLog, describeError } from "./log.ts";
import { Refusal } from "./refusal.ts";

test("no error class of store or engine lacks its line", () => {
  const classes = [...Object.entries(store), ...Object.entries(engine)].filter(
    (entry): entry is [string, ErrorConstructor] =>
      typeof entry[1] === "function" && entry[1].prototype instanceof Error,
  );
  assert.ok(classes.length >= 12, "the classes are found at all");
  for (const [name, is] of classes) assert.ok(isMapped(is), name);
});

test("each refusal keeps its row, its details and its wait", () => {
  for (const error of Object.keys(errors) as (keyof typeof errors)[]) {
    const answer = answerTo(new Refusal(error, "why", { details: { a: 1 }, retryAfter: 7 }));
    assert.deepEqual([answer.error, answer.message, answer.details, answer.retryAfter], [error, "why", { a: 1 }, 7]);
  }
});

test("what nobody expected is a 500 without detail", () => {
  const strange = [new Error("canary"), "canary", null, Object.assign(new Error("canary"), { code: "42P01" })];
  for (const error of strange) {
    const answer = answerTo(error);
    assert.equal(answer.error, "InternalServerError");
    assert.ok(!JSON.stringify(answer).includes("canary"));
    assert.ok(answer.internal);
  }
});

test("a database that cannot be reached is 503, whoever noticed", () => {
  for (const error of [
    new store.Unavailable("lost"),
    Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    Object.assign(new Error("terminating connection"), { code: "57P01" }),
  ]) {
    assert.equal(answerTo(error).error, "ServiceUnavailable");
  }
});

test("a body that breaks off is its caller's fault and not the database's", () => {
  // As Fastify hands it on.
  const answer = answerTo(Object.assign(new Error("aborted"), { code: "ECONNRESET", statusCode: 400 }));
  assert.deepEqual([answer.error, answer.internal], ["BadRequest", false]);
});

test("a pending revocation says when to ask again", () => {
  const answer = answerTo(new engine.RevocationPending("some-lease", 12, "the target does not answer"));
  assert.deepEqual([answer.error, answer.retryAfter], ["RevocationPending", 12]);
});

test("the log tells of an error where and what, and quotes no driver", () => {
  const driver = Object.assign(new Error('duplicate key "canary"'), {
    code: "23505",
    detail: "canary",
    query: "canary",
  });
  const told = describeError(new Error("canary", { cause: driver }));
  assert.ok(!JSON.stringify(told).includes("canary"));
  assert.equal((told.cause as { code: string }).code, "23505");
  assert.equal(describeError(new TypeError("x is not a function")).message, "x is not a function");
  assert.equal(createLog("warn").level, "warn");
});
