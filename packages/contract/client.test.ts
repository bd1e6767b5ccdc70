import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { createClient, originOf, WireError } from "./client.ts";
import { errorReply } from "./errors.ts";
import { routes } from "./routes.ts";

const uuid = "0198d2a4-1f5e-7c3a-9d2b-3f4a5b6c7d8e";
const loc = { projectSlug: "my-project", environmentSlug: "prod", path: "/database/dynamic" };

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}

/** A server that answers everything alike and remembers what it was asked. */
async function serve(
  context: TestContext,
  answer: (response: ServerResponse) => void,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function json(status: number, body: unknown, headers: Record<string, string> = {}) {
  return (response: ServerResponse) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

async function failure(call: Promise<unknown>): Promise<WireError> {
  const error = await call.then(
    () => assert.fail("it succeeded"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof WireError);
  return error;
}

const date = "2026-01-01T00:00:00.000Z";
const lease = {
  ...{ id: uuid, version: 1, externalEntityId: "u", expireAt: date, status: null, statusDetails: null },
  ...{ dynamicSecretId: uuid, createdAt: date, updatedAt: date, config: null },
};

test("a call becomes path, query, body and bearer token, and its answer only what is declared", async (context) => {
  const { url, seen } = await serve(context, json(200, { lease: { ...lease, new: 1 }, leases: [lease], more: true }));
  const client = createClient({
    baseUrl: `${url}/api/`,
    fetch,
    token: async () => "t0",
    headers: { "user-agent": "test" },
  });
  const renewed = await client.call(
    routes.renewLease,
    { params: { leaseId: uuid }, body: { ...loc, ttl: "1h" } },
    { headers: { "idempotency-key": "k" } },
  );
  assert.deepEqual(renewed, { lease });
  const listed = await client.call(routes.listLeases, {
    params: { name: "a b" },
    query: { ...loc, secretPath: undefined },
  });
  assert.deepEqual(listed, { leases: [lease] });
  const [post, get] = seen;
  assert.equal(`${post!.method} ${post!.url}`, `POST /api/v1/dynamic-secrets/leases/${uuid}/renew`);
  assert.deepEqual(JSON.parse(post!.body), { ...loc, ttl: "1h" });
  assert.equal(post!.headers.authorization, "Bearer t0");
  assert.equal(post!.headers["user-agent"], "test");
  assert.equal(post!.headers["idempotency-key"], "k");
  assert.equal(get!.url, `/api/v1/dynamic-secrets/a%20b/leases?${new URLSearchParams(loc)}`);
  assert.equal(get!.body, "");
  assert.equal(get!.headers["content-type"], undefined);
});

test("an open route never gets the token", async (context) => {
  const { url, seen } = await serve(context, json(200, { date, message: "Ok" }));
  const token = () => assert.fail("asked for");
  assert.equal((await createClient({ baseUrl: url, fetch, token }).call(routes.getStatus, {})).date, date);
  assert.equal(seen[0]!.headers.authorization, undefined);
});

test("an error body becomes an error with all that it says", async (context) => {
  const body = errorReply("RevocationPending", "r-1", "The target is down", { leaseId: uuid });
  const { url } = await serve(context, json(503, body, { "retry-after": "7" }));
  const call = createClient({ baseUrl: url, fetch }).call(routes.deleteLease, { params: { leaseId: uuid }, body: loc });
  const { status, error, message, requestId, details, retryAfter } = await failure(call);
  assert.deepEqual(
    { status, error, message, requestId, details, retryAfter },
    {
      status: 503,
      error: "RevocationPending",
      message: "The target is down",
      requestId: "r-1",
      details: { leaseId: uuid },
      retryAfter: 7,
    },
  );
});

test("Retry-After may be a date", async (context) => {
  const at = new Date(Date.now() + 60_000).toUTCString();
  const { url } = await serve(
    context,
    json(429, errorReply("RateLimitExceeded", "r", "Slow down"), { "retry-after": at }),
  );
  const { retryAfter } = await failure(createClient({ baseUrl: url, fetch }).call(routes.listProjects, {}));
  assert.ok(retryAfter! > 55 && retryAfter! <= 60);
});

test("an answer that is not the wire's is an error that repeats nothing of it", async (context) => {
  const strange: [(response: ServerResponse) => void, number][] = [
    [(response) => response.writeHead(502, { "content-type": "text/html" }).end("<h1>hunter2</h1>"), 502],
    [(response) => response.writeHead(200).end('{"lease": hunter2'), 200],
    [json(500, { secret: "hunter2" }), 500],
    [json(200, { lease: { id: "hunter2", password: "hunter2" } }), 200],
    [json(200, "hunter2"), 200],
    [(response) => response.writeHead(200).end(), 200],
  ];
  for (const [answer, status] of strange) {
    const { url } = await serve(context, answer);
    const call = createClient({ baseUrl: url, fetch }).call(routes.getLease, { params: { leaseId: uuid }, query: loc });
    const error = await failure(call);
    assert.equal(error.error, "UnexpectedReply");
    assert.equal(error.status, status);
    assert.match(error.message, /^GET \/api\/v1\/dynamic-secrets\/leases\/:leaseId was answered/);
    assert.doesNotMatch(`${error.message} ${error.cause} ${error.stack} ${JSON.stringify(error)}`, /hunter2/);
  }
});

test("a redirect is not followed", async (context) => {
  const elsewhere = await serve(context, json(200, { date, message: "Ok" }));
  const { url } = await serve(context, (response) => response.writeHead(307, { location: elsewhere.url }).end());
  await assert.rejects(createClient({ baseUrl: url, fetch }).call(routes.getStatus, {}), TypeError);
  assert.equal(elsewhere.seen.length, 0);
});

test("a call can be cancelled, and what fetch throws passes through", async (context) => {
  const { url } = await serve(context, () => {});
  const client = createClient({ baseUrl: url, fetch });
  const controller = new AbortController();
  const call = client.call(routes.getStatus, {}, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(call, /enough/);
});

test("a parameter that would change the address is refused before anything is sent", async (context) => {
  const { url, seen } = await serve(context, json(200, {}));
  const client = createClient({ baseUrl: url, fetch });
  for (const name of ["", ".", ".."]) {
    await assert.rejects(client.call(routes.getDynamicSecret, { params: { name }, query: loc }), TypeError);
  }
  assert.equal(seen.length, 0);
});

test("a base address is taken with and without /api, and with a path before it", () => {
  for (const given of ["http://h:1", "http://h:1/", "http://h:1/api", "http://h:1/api/"]) {
    assert.equal(originOf(given), "http://h:1");
  }
  assert.equal(originOf("https://h/dayfly/api"), "https://h/dayfly");
  assert.throws(() => originOf("h:1"));
  assert.throws(() => originOf("localhost"));
});
