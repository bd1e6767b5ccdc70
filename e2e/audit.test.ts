import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makeIdentity } from "./testing/identities.ts";
import { startOrders } from "./testing/orders.ts";
import { makeProject, over, place, secretName } from "./testing/project.ts";
import { startServer, until } from "./testing/server.ts";
import { openStoreOf } from "./testing/store.ts";

const orders = await startOrders();
after(() => orders.stop());
const server = await startServer();
after(() => server.remove());
const store = await openStoreOf(server);

interface Row {
  event: string;
  outcome: string;
  requestId: string;
  actor: { type: string };
  detail: { leaseId?: string };
}

const rows = async (): Promise<Row[]> => {
  const found = await store.query("select body from audit_events order by txid");
  return found.rows.map(({ body }) => JSON.parse(body) as Row);
};
const eventsOf = (all: Row[], requestId: string): string[] =>
  all.filter((row) => row.requestId === requestId).map((row) => row.event);

/** What says nothing about anybody is not recorded. */
const UNAUDITED = ["/api/status", "/healthz", "/readyz", "/openapi.json"];

test("A04: each request of a run, allowed or not, and each expiry has its rows: none is missing, none is doubled", async () => {
  const project = await makeProject(server, orders);
  const caller = project.wire;
  const nobody = caller.as(null);
  const stranger = caller.as("not-a-token-of-this-server");

  const lease = await project.lease();
  const moved = new Map<string, string[]>();
  const last = (): string => caller.exchanges.at(-1)!.answer.requestId;
  moved.set(last(), ["lease.issued", "lease.requested"]);
  await project.renew(lease.id, "5m");
  moved.set(last(), ["lease.renewed"]);
  await project.revoke(lease.id);
  moved.set(last(), ["lease.gone", "lease.revoke-requested"]);
  await project.revoke(lease.id);

  await caller.call("GET", "/api/v1/dynamic-secrets", { query: place });
  await caller.call("GET", `/api/v1/dynamic-secrets/${secretName}`, { query: place });
  await caller.call("GET", `/api/v1/dynamic-secrets/${secretName}/leases`, { query: place });
  await caller.call("GET", `/api/v1/dynamic-secrets/leases/${lease.id}`, { query: place });
  const secret = { workspaceId: project.id, environment: "prod", secretPath: "/database/admin" };
  await caller.call("POST", "/api/v3/secrets/raw/DB_ADMIN_USER", { body: { ...secret, secretValue: "postgres" } });
  await caller.call("GET", "/api/v3/secrets/raw/DB_ADMIN_USER", { query: secret });
  await caller.call("GET", "/api/v3/secrets/raw/NOT_THERE", { query: secret });

  const least = await makeIdentity(server, caller, {
    name: "pipeline",
    projectId: project.id,
    role: { role: "lease-only", secrets: [{ environment: "prod", path: place.path, name: secretName }] },
  });
  const own = over(least.wire, project.id);
  const its = await own.lease();
  moved.set(last(), ["lease.issued", "lease.requested"]);
  assert.equal((await own.revoke(its.id)).status, 200);
  moved.set(last(), ["lease.gone", "lease.revoke-requested"]);

  // Denied: everything else.
  const others = await project.lease();
  moved.set(last(), ["lease.issued", "lease.requested"]);
  assert.equal((await own.revoke(others.id)).status, 404);
  assert.equal((await own.renew(others.id, "5m")).status, 404);
  const denied = [
    least.wire.call("GET", "/api/v3/secrets/raw/DB_ADMIN_USER", { query: secret }),
    least.wire.call("DELETE", `/api/v1/dynamic-secrets/${secretName}`, { body: place }),
    least.wire.call("POST", "/api/v1/identities", {
      body: { name: "more", organizationId: server.bootstrap.organizationId },
    }),
  ];
  for (const answer of await Promise.all(denied)) assert.equal(answer.status, 403, answer.text);
  await project.revoke(others.id);
  moved.set(last(), ["lease.gone", "lease.revoke-requested"]);

  // Refused: unknown, past the maximum, malformed, not understood, nobody, a stranger, no such route, no such method.
  await project.renew("7b1c2c6e-58f6-4f5b-9c07-3d2b6a1f0c11", "5m");
  await caller.call("POST", "/api/v1/dynamic-secrets/leases", {
    body: { ...place, dynamicSecretName: secretName, ttl: "9h" },
  });
  await caller.call("POST", "/api/v1/dynamic-secrets/leases", {
    body: { ...place, dynamicSecretName: secretName, ttl: "soon" },
  });
  await caller.call("POST", "/api/v1/dynamic-secrets/leases", { body: { dynamicSecretName: 5 } });
  await caller.call("POST", "/api/v1/dynamic-secrets/leases", { text: '{"dynamicSecretName":' });
  await caller.call("POST", "/api/v1/dynamic-secrets/leases", {
    text: "a=b",
    headers: { "content-type": "text/plain" },
  });
  await caller.call("GET", "/api/v1/dynamic-secrets", { query: { ...place, projectSlug: "somebody-elses" } });
  await nobody.call("GET", "/api/v1/dynamic-secrets", { query: place });
  await stranger.call("POST", "/api/v1/dynamic-secrets/leases", { body: { ...place, dynamicSecretName: secretName } });
  await nobody.call("POST", "/api/v1/auth/universal-auth/login", { body: { clientId: "x", clientSecret: "y" } });
  await nobody.call("GET", "/api/v1/no-such-route");
  await nobody.call("GET", "/api/v1/%zz");
  await nobody.call("GET", `/api/v1/${"x".repeat(2_000)}`);
  await nobody.call("HEAD", "/api/v1/dynamic-secrets");
  await nobody.call("OPTIONS", "/api/v1/dynamic-secrets");
  await caller.call("POST", "/api/v1/folders", { text: `{"name":"${"x".repeat(1_100_000)}"}` });
  await caller.call("POST", "/api/v1/folders", { body: {}, headers: { "content-encoding": "gzip" } });
  await caller.call("GET", "/somewhere/else");
  await caller.call("PUT", "/api/v1/dynamic-secrets", { body: {} });
  for (const path of UNAUDITED) await nobody.call("GET", path);

  const short = await project.lease("1s");
  moved.set(last(), ["lease.issued", "lease.requested"]);
  await orders.settled([]);
  const endOf = (all: Row[]): Row[] => all.filter((row) => row.detail.leaseId === short.id && row.requestId === "");
  await until(
    5_000,
    async () => endOf(await rows()).some((row) => row.event === "lease.gone"),
    "no row says it is gone",
  );

  const written = await rows();
  assert.deepEqual(
    endOf(written).map((row) => row.event),
    ["lease.expired", "lease.gone"],
  );
  assert.ok(endOf(written).every((row) => row.actor.type === "system"));

  const ids = new Set<string>();
  for (const { method, path, answer } of caller.exchanges) {
    const what = `${method} ${path} ${answer.status}`;
    assert.notEqual(answer.requestId, "", `${what} has no x-request-id`);
    assert.ok(!ids.has(answer.requestId), `${what} repeats a request id`);
    ids.add(answer.requestId);
    const events = eventsOf(written, answer.requestId);
    const wanted = moved.get(answer.requestId);
    if (wanted) assert.deepEqual(events.sort(), wanted, what);
    else assert.equal(events.length, UNAUDITED.includes(path) ? 0 : 1, `${what} has the rows ${events}`);
  }
  const foreign = written.filter((row) => row.requestId !== "" && !ids.has(row.requestId));
  assert.deepEqual(foreign, [], "rows of requests that nobody made");
});

test("A05: no row holds a password, a token or an admin credential", async () => {
  const [{ dump }] = (await store.query("select string_agg(body, '') as dump from audit_events")).rows;
  for (const secret of [
    orders.admin.password,
    server.bootstrap.identity.clientSecret,
    server.bootstrap.admin.password,
  ]) {
    assert.ok(!dump.includes(secret));
    assert.ok(!server.output().includes(secret));
  }
});

test("one changed byte in a row, and a row that is missing, are found at the next start", async () => {
  const complaint = /audit trail was altered/;
  const restart = async (): Promise<string> => {
    await server.stop();
    const before = server.output().length;
    await server.restart();
    return server.output().slice(before);
  };
  const tamper = async (...statements: string[]): Promise<void> => {
    const client = await openStoreOf(server);
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await store.end();
  assert.doesNotMatch(await restart(), complaint);

  const witness = await openStoreOf(server);
  const linked = "select id, body from audit_events e join audit_links l on l.event_id = e.id";
  const [{ id, body }] = (await witness.query(`${linked} where body like '%lease.issued%' limit 1`)).rows;
  await witness.end();
  const at = body.indexOf("lease.issued");
  await tamper(`update audit_events set body = overlay(body placing 'L' from ${at + 1}) where id = '${id}'`);
  const changed = await restart();
  assert.match(changed, complaint);
  assert.ok(changed.includes(id), "the changed row is not named");

  await tamper(`update audit_events set body = overlay(body placing 'l' from ${at + 1}) where id = '${id}'`);
  assert.doesNotMatch(await restart(), complaint);
  await tamper(`delete from audit_events where id = '${id}'`);
  const missing = await restart();
  assert.match(missing, complaint);
  assert.ok(missing.includes(id), "the missing row is not named");
});
