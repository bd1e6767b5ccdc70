import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Dayfly, type DayflyOptions } from "./dayfly.ts";
import {
  AuthError,
  ConflictError,
  DayflyError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  RevocationPendingError,
  ServerError,
  TargetError,
  TimeoutError,
  TransportError,
  ValidationError,
} from "./errors.ts";
import {
  type Answer,
  type Asked,
  dynamicSecretRecord,
  issued,
  leaseId,
  leaseRecord,
  refusalBody,
  startTold,
} from "./testing/server.ts";

const where = { projectSlug: "my-project", environmentSlug: "prod", path: "/database/dynamic" };
const create = { ...where, dynamicSecretName: "pg" };
const signedIn = (token: string, expiresIn = 3600): Answer => ({
  body: { accessToken: token, expiresIn, accessTokenMaxTTL: 7200, tokenType: "Bearer" },
});
const isLogin = ({ path }: Asked) => path.endsWith("/login");

async function setUp(
  t: TestContext,
  answer: (asked: Asked, count: number) => Answer,
  more: Partial<DayflyOptions> = {},
) {
  const server = await startTold(answer);
  t.after(() => server.stop());
  // No jitter: tests wait for nothing but what they test.
  const client = new Dayfly({ host: server.url, token: "t", random: () => 0, ...more } as DayflyOptions);
  return { server, client };
}

async function failure(call: Promise<unknown>): Promise<DayflyError> {
  const error = await call.then(
    () => assert.fail("it succeeded"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DayflyError, String(error));
  return error;
}

test("the host is taken with or without /api and a slash", async (t) => {
  const { server } = await setUp(t, () => ({ body: { projects: [] } }));
  for (const end of ["", "/", "/api", "/api/"]) {
    await new Dayfly({ host: server.url + end, token: "t" }).projects.list();
  }
  assert.deepEqual(new Set(server.asked.map(({ path }) => path)), new Set(["/api/v1/projects"]));
});

test("a token is sent as it is, without signing in", async (t) => {
  const { server, client } = await setUp(t, () => ({ body: { projects: [] } }));
  await client.projects.list();
  assert.equal(server.asked.length, 1);
  assert.equal(server.asked[0]!.headers.authorization, "Bearer t");
  assert.equal(server.asked[0]!.headers["accept-encoding"], undefined);
});

test("calls that start together sign in once", async (t) => {
  const { server } = await setUp(t, (asked) => (isLogin(asked) ? signedIn("fresh") : { body: { projects: [] } }));
  const client = new Dayfly({ host: server.url, clientId: "c", clientSecret: "s" });
  await Promise.all([client.projects.list(), client.projects.list(), client.projects.list()]);
  assert.equal(server.asked.filter(isLogin).length, 1);
  assert.deepEqual(server.asked[0]!.body, { clientId: "c", clientSecret: "s" });
  assert.equal(server.asked[1]!.headers.authorization, "Bearer fresh");
});

test("a token about to end is replaced before it is used", async (t) => {
  let now = 0;
  const server = await startTold((asked) => (isLogin(asked) ? signedIn(`at-${now}`, 600) : { body: { projects: [] } }));
  t.after(() => server.stop());
  const client = new Dayfly({ host: server.url, clientId: "c", clientSecret: "s", now: () => now });
  await client.projects.list();
  now = 539_000;
  await client.projects.list();
  now = 541_000;
  await client.projects.list();
  const used = server.asked.filter((asked) => !isLogin(asked)).map(({ headers }) => headers.authorization);
  assert.deepEqual(used, ["Bearer at-0", "Bearer at-0", "Bearer at-541000"]);
});

for (const refused of [refusalBody(401, "UnauthorizedError"), refusalBody(403, "TokenError")]) {
  const { body } = refused as { body: { error: string } };
  test(`after ${body.error} it signs in again once, also for a lease`, async (t) => {
    let logins = 0;
    const server = await startTold((asked) => {
      if (isLogin(asked)) return signedIn(`token-${++logins}`);
      return asked.headers.authorization === "Bearer token-2" ? { body: issued } : refused;
    });
    t.after(() => server.stop());
    const client = new Dayfly({ host: server.url, clientId: "c", clientSecret: "s" });
    assert.equal((await client.leases.create(create)).username, "u");
    assert.equal(logins, 2);
  });

  test(`a second ${body.error} is an AuthError, not a loop`, async (t) => {
    const server = await startTold((asked) => (isLogin(asked) ? signedIn("x") : refused));
    t.after(() => server.stop());
    const client = new Dayfly({ host: server.url, clientId: "c", clientSecret: "s" });
    assert.ok((await failure(client.projects.list())) instanceof AuthError);
    assert.equal(server.asked.length, 4);
  });
}

for (const status of [408, 429, 502, 503, 504]) {
  test(`a read is asked three times on ${status}`, async (t) => {
    const { server, client } = await setUp(t, (_, count) =>
      count < 3 ? refusalBody(status, "Passing") : { body: { projects: [] } },
    );
    assert.deepEqual(await client.projects.list(), []);
    assert.equal(server.asked.length, 3);
  });
}

for (const status of [400, 404, 409, 500]) {
  test(`a read is asked once on ${status}`, async (t) => {
    const { server, client } = await setUp(t, () => refusalBody(status, "Final"));
    await failure(client.projects.list());
    assert.equal(server.asked.length, 1);
  });
}

test("a cut connection is asked again for a read", async (t) => {
  const { server, client } = await setUp(t, (_, count) => (count < 3 ? "cut" : { body: { projects: [] } }));
  await client.projects.list();
  assert.equal(server.asked.length, 3);
});

/** Keys of the requests that came, in order. */
const keysOf = (asked: Asked[]) => asked.map(({ headers }) => headers["idempotency-key"]);

for (const [what, answer] of [
  ["a cut connection", "cut"],
  ["408", refusalBody(408, "RequestTimeout")],
  ["502", refusalBody(502, "BadGateway")],
  ["503", refusalBody(503, "ServiceUnavailable")],
  ["504", refusalBody(504, "TargetTimeout")],
  ["the conflict with an own earlier try", refusalBody(409, "Conflict", { repeat: true })],
] as const) {
  test(`after ${what}, a lease and a renewal are asked for again, each under one key`, async (t) => {
    const { server, client } = await setUp(t, ({ path }, count) => {
      if (count % 3 !== 0) return answer;
      return path.endsWith("/renew") ? { body: { lease: leaseRecord } } : { body: issued };
    });
    await client.leases.create(create);
    await client.leases.renew(leaseId, where);
    const [first, ...rest] = keysOf(server.asked);
    const second = rest[2];
    assert.match(first as string, /^[0-9a-f-]{36}$/);
    assert.notEqual(second, first);
    assert.deepEqual([first, ...rest], [first, first, first, second, second, second]);
  });

  test(`after ${what}, nothing else that makes something is asked for again, and it has no key`, async (t) => {
    const { server, client } = await setUp(t, () => answer);
    await failure(
      client.dynamicSecrets.create({ ...where, name: "pg", provider: { type: "x", inputs: {} }, defaultTTL: "2h" }),
    );
    assert.deepEqual(keysOf(server.asked), [undefined]);
  });
}

test("another conflict is not asked again, not even under a key", async (t) => {
  const { server, client } = await setUp(t, () => refusalBody(409, "Conflict"));
  assert.ok((await failure(client.leases.renew(leaseId, where))) instanceof ConflictError);
  assert.equal(server.asked.length, 1);
});

test("the key of a call outlives a refused token, and calls that read or revoke have none", async (t) => {
  let logins = 0;
  const server = await startTold((asked) => {
    if (isLogin(asked)) return signedIn(`token-${++logins}`);
    if (asked.headers.authorization !== "Bearer token-2") return refusalBody(403, "TokenError");
    return asked.method === "POST" ? { body: issued } : { body: { lease: leaseRecord } };
  });
  t.after(() => server.stop());
  let made = 0;
  const newKey = () => `key-${++made}`;
  const client = new Dayfly({ host: server.url, clientId: "c", clientSecret: "s", newKey });
  await client.leases.create(create);
  await client.leases.revoke(leaseId, where);
  assert.deepEqual(keysOf(server.asked), [undefined, "key-1", undefined, "key-1", undefined]);
});

test("a lease that is waited for may take that much longer, and tells whether it is ready", async (t) => {
  const patience = { tries: 1, tryMs: 40, totalMs: 80 };
  const { server, client } = await setUp(t, () => "late", { patience });
  assert.ok((await failure(client.leases.create({ ...create, wait: "none" }))) instanceof TimeoutError);
  const slow = await setUp(t, () => ({ body: { ...issued, ready: false, readyAfterMs: 9_000 }, afterMs: 200 }), {
    patience,
  });
  const lease = await slow.client.leases.create({ ...create, wait: "login", waitFor: "5s" });
  assert.deepEqual([lease.ready, lease.readyAfterMs], [false, 9_000]);
  assert.deepEqual(slow.server.asked[0]!.body, { ...create, wait: "login", waitFor: "5s" });
  assert.deepEqual(server.asked[0]!.body, { ...create, wait: "none" });
});

test("a lease that was turned away by the rate limit is asked for again", async (t) => {
  const { server, client } = await setUp(t, (_, count) =>
    count === 1 ? refusalBody(429, "RateLimitExceeded") : { body: issued },
  );
  await client.leases.create(create);
  assert.equal(server.asked.length, 2);
});

test("a lease is asked for again when no connection came about", async () => {
  const server = await startTold(() => ({ body: issued }));
  await server.stop();
  const tried: string[] = [];
  const client = new Dayfly({
    host: server.url,
    token: "t",
    random: () => 0,
    onTry: ({ outcome }) => tried.push(outcome),
  });
  const error = await failure(client.leases.create(create));
  assert.ok(error instanceof TransportError);
  assert.match(error.message, /nothing listens there/);
  assert.deepEqual(tried, ["ECONNREFUSED", "ECONNREFUSED", "ECONNREFUSED"]);
});

test("a pending revocation is an error of its own and is not asked again", async (t) => {
  const { server, client } = await setUp(t, () => ({
    ...(refusalBody(503, "RevocationPending", { leaseId }) as object),
    headers: { "retry-after": "7" },
  }));
  const error = await failure(client.leases.revoke(leaseId, where));
  assert.ok(error instanceof RevocationPendingError);
  assert.equal(error.leaseId, leaseId);
  assert.equal(error.retryAfter, 7);
  assert.equal(server.asked.length, 1);
});

test("Retry-After is obeyed, and given up on when it is longer than the time left", async (t) => {
  const { server, client } = await setUp(t, () => ({
    ...(refusalBody(429, "RateLimitExceeded") as object),
    headers: { "retry-after": "60" },
  }));
  const error = await failure(client.projects.list());
  assert.ok(error instanceof RateLimitError);
  assert.equal(error.retryAfter, 60);
  assert.equal(server.asked.length, 1);
});

test("a server that does not answer is a TimeoutError, in all within the time given", async (t) => {
  const { client } = await setUp(t, () => "late", { patience: { tryMs: 40, totalMs: 200 } });
  const started = performance.now();
  assert.ok((await failure(client.projects.list())) instanceof TimeoutError);
  assert.ok(performance.now() - started < 1000);
});

test("an aborted call ends at once with the reason it was given", async (t) => {
  const stop = new AbortController();
  const { client } = await setUp(
    t,
    () => {
      stop.abort(new Error("enough"));
      return "late";
    },
    { signal: stop.signal },
  );
  await assert.rejects(client.projects.list(), /enough/);
});

test("a redirect is not followed", async (t) => {
  const other = await startTold(() => ({ body: { projects: [] } }));
  t.after(() => other.stop());
  const { client } = await setUp(t, () => ({ status: 307, headers: { location: `${other.url}/api/v1/projects` } }));
  assert.ok((await failure(client.projects.list())) instanceof ServerError);
  assert.equal(other.asked.length, 0);
});

const rows: [Answer, new (...given: never[]) => DayflyError][] = [
  [refusalBody(400, "BadRequest"), ValidationError],
  [refusalBody(400, "BadRequest", { fix: "GRANT", steps: [] }), TargetError],
  [refusalBody(403, "PermissionDenied"), PermissionError],
  [refusalBody(404, "NotFound"), NotFoundError],
  [refusalBody(409, "Conflict"), ConflictError],
  [refusalBody(422, "ValidationFailure", [{ path: ["a", 0], message: "no" }]), ValidationError],
  [refusalBody(500, "InternalServerError"), ServerError],
  [refusalBody(504, "TargetTimeout"), TargetError],
];
for (const [answer, kind] of rows) {
  const { status, body } = answer as { status: number; body: { error: string; details?: unknown } };
  test(`${status} ${body.error}${body.details ? " with details" : ""} is a ${kind.name}`, async (t) => {
    const { client } = await setUp(t, () => answer);
    const error = await failure(client.leases.create(create));
    assert.equal(error.constructor, kind);
    assert.equal(error.status, status);
    assert.equal(error.code, body.error);
    assert.equal(error.requestId, "req-7");
    assert.equal(error.message, `said ${body.error}`);
    if (Array.isArray(body.details)) {
      assert.deepEqual((error as ValidationError).fields, [{ path: "a.0", message: "no" }]);
    }
    if (kind === TargetError && body.details) assert.equal((error as TargetError).fix, "GRANT");
  });
}

test("a page instead of an answer is a ServerError that repeats none of it", async (t) => {
  const { client } = await setUp(t, () => ({ body: "<html>canary</html>" }));
  const error = await failure(client.projects.list());
  assert.ok(error instanceof ServerError);
  assert.ok(!error.message.includes("canary"));
});

test("root credentials are never asked for", async (t) => {
  const { server, client } = await setUp(t, () => ({ body: { dynamicSecret: dynamicSecretRecord } }));
  await client.dynamicSecrets.get("pg", where);
  await client.dynamicSecrets.create({ ...where, name: "pg", provider: { type: "x", inputs: {} }, defaultTTL: "2h" });
  await client.dynamicSecrets.update("pg", { ...where, data: { defaultTTL: "1h" } });
  assert.equal(server.asked.length, 3);
  for (const { path } of server.asked) assert.match(path, /rootCredentials=false/);
});

test("every group asks the route it is named after", async (t) => {
  const { server, client } = await setUp(t, ({ method, path }) => {
    if (method === "GET" && path.includes("/pg/leases")) return { body: { leases: [leaseRecord] } };
    if (path.includes(leaseId)) return { body: { lease: { ...leaseRecord, dynamicSecret: dynamicSecretRecord } } };
    return {
      body: { dynamicSecrets: [dynamicSecretRecord], dynamicSecret: dynamicSecretRecord, folders: [], secrets: [] },
    };
  });
  await client.leases.list("pg", where);
  await client.leases.get(leaseId, where);
  await client.leases.renew(leaseId, { ...where, ttl: "1h" });
  await client.leases.revoke(leaseId, { ...where, isForced: true });
  await client.dynamicSecrets.list(where);
  await client.dynamicSecrets.delete("pg", where);
  await client.folders.list(where);
  await client.secrets.list({ ...where, expandSecretReferences: false });
  const at = "projectSlug=my-project&environmentSlug=prod&path=%2Fdatabase%2Fdynamic";
  assert.deepEqual(
    server.asked.map(({ method, path }) => `${method} ${path}`),
    [
      `GET /api/v1/dynamic-secrets/pg/leases?${at}`,
      `GET /api/v1/dynamic-secrets/leases/${leaseId}?${at}`,
      `POST /api/v1/dynamic-secrets/leases/${leaseId}/renew`,
      `DELETE /api/v1/dynamic-secrets/leases/${leaseId}`,
      `GET /api/v1/dynamic-secrets?${at}`,
      "DELETE /api/v1/dynamic-secrets/pg",
      `GET /api/v1/folders?${at}`,
      `GET /api/v4/secrets?${at}&expandSecretReferences=false`,
    ],
  );
  assert.deepEqual(server.asked[3]!.body, { ...where, isForced: true });
});
