import assert from "node:assert/strict";
import { test } from "node:test";
import { errors } from "./errors.ts";
import { openApi } from "./openapi.ts";
import { routes } from "./routes.ts";

const document = openApi(routes, { version: "1.2.3", url: "https://dayfly.test" });
type Json = Record<string, unknown>;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

/** Every value in the document, with the keys that lead to it. */
function* walk(value: unknown, keys: string[] = []): Generator<[string[], unknown]> {
  yield [keys, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* walk(inner, [...keys, key]);
}

test("the document is OpenAPI 3.1 and plain JSON", () => {
  assert.equal(document.openapi, "3.1.0");
  assert.equal(document.info.version, "1.2.3");
  assert.deepEqual(JSON.parse(JSON.stringify(document)), document);
});

test("every route is in it once, under its name", () => {
  const named = operations.map(({ operation }) => operation.operationId);
  assert.deepEqual(named.toSorted(), Object.keys(routes).toSorted());
  for (const { path, method, operation } of operations) {
    const route = routes[operation.operationId as keyof typeof routes];
    assert.equal(path, route.path.replace(/:(\w+)/g, "{$1}"));
    assert.equal(method, route.method.toLowerCase());
    assert.equal(operation["x-audit"], route.audit);
    assert.deepEqual(operation["x-permission"], route.permission);
    assert.deepEqual(operation.security, "open" in route.permission ? [] : undefined);
  }
});

test("every segment in braces is a required path parameter, and the other way round", () => {
  for (const { path, operation } of operations) {
    const parameters = operation.parameters as { name: string; in: string; required: boolean }[];
    const inPath = parameters.filter((parameter) => parameter.in === "path");
    assert.ok(inPath.every(({ required }) => required));
    assert.deepEqual(
      inPath.map(({ name }) => name),
      [...path.matchAll(/{(\w+)}/g)].map(([, name]) => name),
    );
  }
});

test("the routes that may be asked again say how, by a header", () => {
  const taking = operations.filter(({ operation }) =>
    (operation.parameters as Json[]).some(({ name, in: place }) => name === "Idempotency-Key" && place === "header"),
  );
  assert.deepEqual(
    taking.map(({ operation }) => operation.operationId),
    ["createLease", "renewLease"],
  );
});

test("every reference leads somewhere", () => {
  let references = 0;
  for (const [keys, value] of walk(document)) {
    if (keys.at(-1) !== "$ref") continue;
    references++;
    assert.match(value as string, /^#\/components\//);
    const found = (value as string)
      .slice(2)
      .split("/")
      .reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document);
    assert.notEqual(found, undefined, value as string);
  }
  assert.ok(references > 100);
});

test("every error is described, and every route says which it can end with", () => {
  for (const [name, { status, means }] of Object.entries(errors)) {
    const { description } = document.components.responses[status] as { description: string };
    assert.ok(description.includes(name) && description.includes(means), name);
  }
  for (const { operation } of operations) {
    const statuses = Object.keys(operation.responses as Json);
    assert.ok(statuses.includes("200") && statuses.includes("500"));
  }
});

test("what the door refuses, and a token in a body that is no good, is among what each route can end with", () => {
  for (const { operation } of operations) {
    const statuses = Object.keys(operation.responses as Json);
    for (const status of ["400", "408", "415", "503"])
      assert.ok(statuses.includes(status), String(operation.operationId));
    if (operation["x-audit"] !== "unaudited") assert.ok(statuses.includes("403"), String(operation.operationId));
  }
});

test("what is read can be answered with 304, and nothing else can", () => {
  for (const { path, method, operation } of operations) {
    const isRead = method === "get" && path !== "/api/v1/events";
    assert.equal("304" in (operation.responses as Json), isRead, String(operation.operationId));
  }
});

test("fields that hold secrets are marked, in requests and replies", () => {
  const marked = [...walk(document)].filter(([keys]) => keys.at(-1) === "x-secret").map(([keys]) => keys.at(-2)!);
  const expected = [
    ...["accessToken", "clientSecret", "currentPassword", "data", "inputs", "newPassword", "password"],
    ...["secretComment", "secretValue", "token"],
  ];
  assert.deepEqual([...new Set(marked)].toSorted(), expected);
  const isMarked = ([keys]: [string[], unknown]) => keys.at(-1) === "x-secret";
  for (const name of [
    "createDynamicSecret",
    "updateDynamicSecret",
    "createSecret",
    "updateSecret",
    "universalAuthLogin",
  ]) {
    const { operation } = operations.find((one) => one.operation.operationId === name)!;
    assert.ok([...walk(operation.requestBody)].some(isMarked), name);
  }
});

test("a union keeps its discriminator", () => {
  const found = [...walk(document)].filter(([keys]) => keys.at(-1) === "discriminator");
  assert.deepEqual(
    found.map(([, value]) => value),
    ["kind", "kind"].map((propertyName) => ({ propertyName })),
  );
});

test("a body asks for one name of the project and one of the environment", () => {
  const { operation } = operations.find((one) => one.operation.operationId === "createLease")!;
  const schema = [...walk(operation.requestBody)].find(([keys]) => keys.at(-1) === "schema")![1] as Json;
  assert.deepEqual(schema.required, ["dynamicSecretName"]);
  assert.equal((schema.allOf as Json[]).length, 2);
});

test("no pattern needs a reader who knows Unicode's classes, and one for control characters means just these", () => {
  const patterns = [...walk(document)].filter(([keys]) => keys.at(-1) === "pattern").map(([, value]) => String(value));
  assert.deepEqual(
    patterns.filter((pattern) => /\\p\{/i.test(pattern)),
    [],
  );
  const portable = new RegExp(patterns.find((pattern) => pattern.includes("\\x9f"))!);
  for (let code = 0; code < 0x3000; code++) {
    const letter = String.fromCharCode(code);
    assert.equal(portable.test(letter), /^\P{Cc}*$/u.test(letter), String(code));
  }
});

test("a reply may grow: no schema of one is closed", () => {
  for (const [keys, value] of walk(document)) {
    assert.ok(!(keys.at(-1) === "additionalProperties" && value === false), keys.join("."));
  }
});
