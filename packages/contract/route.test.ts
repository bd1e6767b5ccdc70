import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import {
  type AnswerOf,
  type InputOf,
  issuesOf,
  type ReplyOf,
  type RequestOf,
  readIdempotencyKey,
  readInput,
  route,
} from "./route.ts";
import { routes } from "./routes.ts";

const parts = { method: "GET", path: "/x", summary: "x", reply: z.object({}) } as const;

// The type checker is the test: each of these stops compiling when a line below it starts to.
export function doesNotCompile() {
  // @ts-expect-error: no permission
  route({ ...parts, audit: "x" });
  // @ts-expect-error: no audit event
  route({ ...parts, permission: { open: true } });
  // @ts-expect-error: a project's route without its place
  route({ ...parts, audit: "x", permission: { scope: "project", subject: "secrets", action: "read" } });
  // @ts-expect-error: a place where there is no project
  route({ ...parts, audit: "x", permission: { open: true }, place: () => ({ project: { id: "" } }) });
  // @ts-expect-error: a subject that is not the wire's
  route({ ...parts, audit: "x", permission: { scope: "organization", subject: "moon", action: "read" } });
  const place = () => ({ project: { id: "" } });
  // @ts-expect-error: an action of another subject
  route({ ...parts, audit: "x", place, permission: { scope: "project", subject: "secrets", action: "lease" } });
  // @ts-expect-error: any of no actions
  route({ ...parts, audit: "x", place, permission: { scope: "project", subject: "secrets", action: [] } });
  const read = { scope: "project", subject: "secrets", action: "read" } as const;
  // @ts-expect-error: a place is made of what the request has
  route({ ...parts, audit: "x", permission: read, place: ({ body }) => ({ project: { id: body.id } }) });
}

export function compiles(
  input: InputOf<typeof routes.createLease>,
  reply: ReplyOf<typeof routes.createLease>,
): RequestOf<typeof routes.listProjects> {
  const place: string = input.body.path;
  const expiry: string = reply.lease.expireAt;
  const answered: AnswerOf<typeof routes.getStatus> = { date: new Date() };
  const asked: RequestOf<typeof routes.createLease> = {
    body: { dynamicSecretName: place + expiry + answered.date, projectSlug: "p", environmentSlug: "e" },
  };
  // Fields with a default, and places without any other field.
  const listed: RequestOf<typeof routes.listSecrets> = { query: { projectSlug: "p", environmentSlug: "e" } };
  const leased: RequestOf<typeof routes.listLeases> = { params: { name: "x" }, query: listed.query };
  // @ts-expect-error: the environment is missing
  const wrong: RequestOf<typeof routes.createLease> = { body: { dynamicSecretName: "x", projectSlug: "p" } };
  // @ts-expect-error: a reply has no field that is not declared
  void [asked, leased, wrong, reply.lease.password];
  return {};
}

test("an absent body is an empty one, in each way that a client has no body", () => {
  const params = { slug: "my-project" };
  for (const body of [undefined, null, "", {}]) {
    const read = readInput(routes.deleteProject, { params, query: {}, body });
    assert.deepEqual(read, { input: { params, query: {}, body: { isForced: false } } });
  }
});

test("unknown keys are dropped from every part", () => {
  const read = readInput(routes.getLease, {
    params: { leaseId: crypto.randomUUID(), admin: true },
    query: { projectSlug: "p", environmentSlug: "e", __proto__: { role: "admin" }, constructor: "x", isAdmin: "true" },
    body: { role: "admin" },
  });
  assert.ok("input" in read);
  assert.deepEqual(Object.keys(read.input.params), ["leaseId"]);
  assert.deepEqual(Object.keys(read.input.query).sort(), ["environment", "path", "project"]);
  assert.deepEqual(read.input.body, {});
});

test("the issues of all parts come at once, with their paths and without any value", () => {
  const read = readInput(routes.renewLease, {
    params: { leaseId: "hunter2-a" },
    query: {},
    body: { projectSlug: "hunter2 b", environmentSlug: ["hunter2-c"], path: "/hunter2/../d", ttl: "hunter2-e" },
  });
  assert.ok("issues" in read);
  assert.deepEqual(read.issues.map(({ path }) => path.join(".")).sort(), [
    "environmentSlug",
    "leaseId",
    "path",
    "projectSlug",
    "ttl",
  ]);
  assert.doesNotMatch(JSON.stringify(read.issues), /hunter2/);
});

test("an issue tells code, message and path", () => {
  const { error } = z.object({ a: z.array(z.int()) }).safeParse({ a: [1, "x"] });
  assert.deepEqual(issuesOf(error!), [
    { code: "invalid_type", message: "Invalid input: expected number, received string", path: ["a", 1] },
  ]);
});

test("an Idempotency-Key is 1 to 255 visible ASCII characters, and read only where a route takes one", () => {
  for (const key of ["a", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "~".repeat(255)]) {
    assert.deepEqual(readIdempotencyKey(routes.createLease, key), { key });
    assert.deepEqual(readIdempotencyKey(routes.renewLease, key), { key });
    assert.deepEqual(readIdempotencyKey(routes.deleteLease, key), { key: null });
  }
  assert.deepEqual(readIdempotencyKey(routes.createLease, undefined), { key: null });
  // Two headers of that name arrive as one, with a comma and a blank.
  for (const key of ["", "a b", "one, two", "a\u007f", "\u00e9", "x".repeat(256), ["a"]]) {
    const read = readIdempotencyKey(routes.createLease, key);
    assert.ok("issues" in read);
    assert.deepEqual(read.issues[0]!.path, ["Idempotency-Key"]);
    if (key !== "") assert.doesNotMatch(JSON.stringify(read.issues), /one|x{9}/);
  }
});
