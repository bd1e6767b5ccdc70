import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorName, errorBody, errorReply, errors, statusOf, validationMessage } from "./errors.ts";

test("the names and statuses are the wire's", () => {
  const wire = {
    BadRequest: 400,
    UnauthorizedError: 401,
    PermissionDenied: 403,
    ForbiddenError: 403,
    TokenError: 403,
    NotFound: 404,
    Conflict: 409,
    ValidationFailure: 422,
    RateLimitExceeded: 429,
    InternalServerError: 500,
    RevocationPending: 503,
    TargetTimeout: 504,
  };
  for (const [name, status] of Object.entries(wire)) assert.equal(statusOf(name as ErrorName), status, name);
});

test("every error has a meaning, and none uses the words that the official CLI takes for an old server", () => {
  for (const [name, { means }] of Object.entries(errors)) {
    assert.ok(means.length > 10, name);
    assert.doesNotMatch(means, /bot_not_found_error|bot is not active/);
  }
});

test("an error reply is an error body", () => {
  for (const name of Object.keys(errors) as ErrorName[]) {
    const body = errorReply(name, "r-1", "why", name === "PermissionDenied" ? [] : undefined);
    assert.deepEqual(errorBody.parse(body), body);
    assert.equal("details" in body, name === "PermissionDenied");
  }
});

test("a validation message is one sentence, however many the issues", () => {
  const issue = (name: string) => ({ code: "custom", message: "is required", path: ["data", name] });
  assert.equal(validationMessage([issue("a"), issue("b")]), "data.a: is required; data.b: is required");
  assert.match(validationMessage(Array.from({ length: 9 }, (_, n) => issue(`f${n}`))), /; and 4 more$/);
  assert.equal(validationMessage([{ code: "custom", message: "is wrong", path: [] }]), "is wrong");
  assert.ok(validationMessage([]).length > 0);
});
