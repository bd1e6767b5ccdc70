/** What the door refuses before any route is asked, and what every answer carries. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { securityHeaders } from "./door.ts";
import { type Heard, type TestServer, testServer } from "./testing/server.ts";

let server: TestServer;
before(async () => {
  server = await testServer();
});
after(() => server?.stop());

const workspace = "/api/v2/workspace";
const post = (body: unknown, headers: Record<string, string> = {}) =>
  server.call("POST", workspace, { token: server.admin, body, headers });

async function refusedOnce(heard: Heard, status: number, event: string): Promise<void> {
  assert.equal(heard.status, status, JSON.stringify(heard.body));
  assert.equal(heard.body.statusCode, status);
  for (const [header, value] of Object.entries(securityHeaders)) assert.equal(heard.headers.get(header), value);
  const rows = await server.auditOf(heard.body.reqId);
  assert.deepEqual(
    rows.map((row) => [row.event, row.outcome]),
    [[event, "failed"]],
  );
}

test("a body that is not JSON is 400 and recorded under its caller", async () => {
  const heard = await post('{"projectName": "canary-in-a-broken-body');
  await refusedOnce(heard, 400, "create-project");
  assert.ok(!JSON.stringify(heard.body).includes("canary"));
  const [row] = await server.auditOf(heard.requestId);
  assert.equal(row!.actor.type, "identity");
});

test("a body that reaches for a prototype is 400", async () => {
  await refusedOnce(await post('{"projectName": "x", "__proto__": {"admin": true}}'), 400, "create-project");
});

test("a body over 1 MiB is 413", async () => {
  await refusedOnce(await post({ projectName: "x".repeat(1024 * 1024) }), 413, "create-project");
});

test("another type or an encoding of the body is 415", async () => {
  await refusedOnce(await post("a=b", { "content-type": "text/plain" }), 415, "create-project");
  for (const encoding of ["br", "gzip", "identity, br"]) {
    await refusedOnce(await post({}, { "content-encoding": encoding }), 415, "create-project");
  }
  assert.equal((await post({}, { "content-encoding": "identity" })).status, 422);
});

test("fields that do not fit are 422 with one readable string, the issues beside it, and no value", async () => {
  const heard = await post({ projectName: "", slug: "canary slug" });
  await refusedOnce(heard, 422, "create-project");
  assert.match(heard.body.message, /projectName: .*; slug: /);
  assert.equal(heard.body.details.length, 2);
  assert.ok(!JSON.stringify(heard.body).includes("canary"));
});

test("text that no database keeps as it is given is 422, wherever it stands", async () => {
  const made = await post({ projectName: "Texts", slug: "texts" });
  assert.equal(made.status, 200);
  const place = { projectSlug: "texts", environmentSlug: "dev", path: "/" };
  const { id } = server.running.bootstrap!.identity;
  for (const bad of ["a\u0000b", "a\ud800b"]) {
    const secretMetadata = [{ key: "k", value: bad }];
    const requests: [string, unknown][] = [
      [workspace, { projectName: "x", projectDescription: bad }],
      ["/api/v1/folders", { ...place, name: "x", description: bad }],
      [`/api/v1/projects/${made.body.project.id}/memberships`, { emails: [bad] }],
      ["/api/v3/secrets/raw/X", { ...place, secretValue: "x", secretMetadata }],
      ["/api/v3/secrets/raw/X", { ...place, secretValue: "x", secretComment: bad }],
      ["/api/v3/secrets/raw/X", { ...place, secretValue: "a\udc00" }],
      [`/api/v1/auth/universal-auth/identities/${id}/client-secrets`, { description: bad }],
      ["/api/v1/dynamic-secrets/leases", { ...place, dynamicSecretName: "x", config: { a: [{ b: bad }] } }],
      ["/api/v1/dynamic-secrets/leases", { ...place, dynamicSecretName: "x", config: { a: { [bad]: 1 } } }],
    ];
    for (const [path, body] of requests) {
      const heard = await server.call("POST", path, { token: server.admin, body });
      assert.equal(heard.status, 422, `${path}: ${JSON.stringify(heard.body)}`);
    }
  }
});

test("a value given twice in the query is refused, whichever is meant", async () => {
  const path = "/api/v1/folders?projectSlug=a&projectSlug=b&environmentSlug=prod";
  await refusedOnce(await server.call("GET", path, { token: server.admin }), 422, "list-folders");
});

test("an address that no route has is 404, and one that cannot be read is 400", async () => {
  await refusedOnce(await server.call("GET", "/api/v9/nothing"), 404, "unknown-route");
  await refusedOnce(await server.call("PUT", workspace), 404, "unknown-route");
  await refusedOnce(await server.call("GET", "/api/%zz"), 400, "unknown-route");
});

test("a slash at the end, an announced but absent body, and a body on DELETE are fine", async () => {
  const { identity } = server.running.bootstrap!;
  const login = await server.call("POST", "/api/v1/auth/universal-auth/login/", { body: identity });
  assert.equal(login.status, 200);
  const headers = { "content-type": "application/json" };
  const list = await server.call("GET", "/api/v1/projects", { token: server.admin, headers });
  assert.equal(list.status, 200);
  assert.equal((await post("", headers)).status, 422);
  const gone = await server.call("DELETE", `${workspace}/none`, { token: server.admin, body: { a: 1 } });
  assert.equal(gone.status, 404);
});

test("a request id that could break a log line is replaced by one of ours", async () => {
  for (const id of ["a b", "x".repeat(65), "id;rm", "{}"]) {
    const heard = await server.call("GET", "/api/status", { headers: { "x-request-id": id } });
    assert.match(heard.headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
  }
});

test("what is no HTTP gets 400 with the headers of every answer, a closed connection and a row", async () => {
  for (const bytes of [
    "\x16\x03\x01\x02\x00",
    "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  ]) {
    const answer = await raw(bytes);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.match(answer, /x-content-type-options: nosniff/);
    const reqId = /"reqId":"([^"]+)"/.exec(answer)![1]!;
    assert.equal((await server.auditOf(reqId)).length, 1);
  }
});

test("a request without a host, or with an expectation that nobody knows, is answered like any other", async () => {
  const hostless = await raw("GET /api/v9/nothing HTTP/1.1\r\nConnection: close\r\n\r\n");
  assert.match(hostless, /^HTTP\/1\.1 400 /);
  assert.match(hostless, /x-content-type-options: nosniff/);
  const reqId = /"reqId":"([^"]+)"/.exec(hostless)![1]!;
  assert.equal((await server.auditOf(reqId)).length, 1);
  const expecting = await raw("GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nConnection: close\r\n\r\n");
  assert.match(expecting, /^HTTP\/1\.1 200 /);
});

test("without a trusted proxy a forwarded address is not believed", async () => {
  const heard = await server.call("GET", "/nothing", { headers: { "x-forwarded-for": "203.0.113.9" } });
  const { rows } = await server.running.store.pool.query("select body from audit_events");
  const row = rows.map(({ body }) => JSON.parse(body)).find(({ requestId }) => requestId === heard.requestId);
  assert.equal(row.ip, "127.0.0.1");
});

test("the etag of an answer follows its content", async () => {
  const ask = () => server.call("GET", "/api/v1/projects", { token: server.admin });
  const [first, second] = [await ask(), await ask()];
  assert.ok(first.headers.get("etag"));
  assert.equal(first.headers.get("etag"), second.headers.get("etag"));
  await post({ projectName: "New" });
  assert.notEqual((await ask()).headers.get("etag"), first.headers.get("etag"));
});

function raw(bytes: string): Promise<string> {
  const { port } = new URL(server.running.url);
  return new Promise((resolve, reject) => {
    let heard = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(heard));
  });
}
