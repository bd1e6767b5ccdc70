import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../testing/moments.ts";
import { type Heard, type TestServer, testServer } from "../testing/server.ts";

let server: TestServer;
let projectId: string;
before(async () => {
  server = await testServer();
  const made = await ask("POST", "/api/v2/workspace", { projectName: "Trail", slug: "trail" });
  projectId = made.body.project.id;
});
after(() => server?.stop());

const ask: TestServer["ask"] = (...asked) => server.ask(...asked);
const logs = (query: Record<string, string> = {}) => ask("GET", `/api/v1/audit-logs?${new URLSearchParams(query)}`);
const verify = (query = "") => ask("GET", `/api/v1/audit-logs/verify${query}`);

/** Waits until what a request left is linked. */
async function linked({ requestId }: Heard): Promise<void> {
  const find = () => logs({ search: requestId });
  await until(async () => (await find()).body.auditLogs.some((row: { reqId: string }) => row.reqId === requestId));
}

test("what was done is read back, newest first, with who did it and its place in the chain; reading is itself recorded", async () => {
  const folder = { workspaceId: projectId, environment: "prod", path: "/", name: "one" };
  const made = await ask("POST", "/api/v1/folders", folder);
  await linked(made);
  const { status, body, requestId } = await logs({ projectId, event: "create-folder" });
  assert.equal(status, 200);
  const [row] = body.auditLogs;
  assert.equal(row.reqId, made.requestId);
  assert.equal(row.actor.id, server.running.bootstrap!.identity.id);
  assert.equal(row.ipAddress, "127.0.0.1");
  assert.equal(row.metadata.path, "/one");
  assert.match(row.hash, /^[0-9a-f]{64}$/);
  assert.equal((await server.auditOf(requestId))[0]!.event, "list-audit-logs");
});

test("it is narrowed by actor, event, time and text, and paged to its end without a gap", async () => {
  await linked(await ask("GET", `/api/v1/workspace/${projectId}`));
  const { id } = server.running.bootstrap!.identity;
  const all: { sequence: string; event: string; actor: { id: string } }[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body }: Heard = await logs({ cursor, limit: "3" });
    all.push(...body.auditLogs);
    cursor = body.nextCursor;
  }
  const newest = Number(all[0]!.sequence);
  assert.deepEqual(
    all.map(({ sequence }) => Number(sequence)),
    Array.from({ length: newest }, (_, at) => newest - at),
  );
  const mine = (await logs({ actorId: id, limit: "100" })).body.auditLogs;
  assert.ok(mine.length > 0 && mine.length < newest);
  assert.ok(mine.every(({ actor }: { actor: { id: string } }) => actor.id === id));
  assert.deepEqual((await logs({ endDate: "2020-01-01T00:00:00Z" })).body, { auditLogs: [], nextCursor: null });
  assert.deepEqual((await logs({ startDate: "2999-01-01T00:00:00Z" })).body, { auditLogs: [], nextCursor: null });
  const today = {
    startDate: new Date(Date.now() - 3_600_000).toISOString(),
    endDate: new Date(Date.now() + 1_000).toISOString(),
  };
  assert.ok((await logs(today)).body.auditLogs.length > 0);
  assert.deepEqual((await logs({ search: "%" })).body.auditLogs.length, 0);
});

test("a project's trail is for who may read it, and holds nothing of another project", async () => {
  const path = `/api/v1/projects/${projectId}/audit-logs?limit=100`;
  const rows = (await ask("GET", path)).body.auditLogs;
  assert.ok(rows.length > 0 && rows.every((row: { projectId: string }) => row.projectId === projectId));
  const member = await server.newIdentity();
  assert.equal((await ask("GET", path, undefined, member.token)).status, 404);
  const membership = `/api/v2/workspace/${projectId}/identity-memberships/${member.id}`;
  await ask("POST", membership, { roles: [{ role: "member" }] });
  assert.equal((await ask("GET", path, undefined, member.token)).status, 403);
  assert.equal((await ask("GET", "/api/v1/audit-logs", undefined, member.token)).status, 403);
});

test("bad queries are refused", async () => {
  const bad: Record<string, string>[] = [
    { limit: "0" },
    { cursor: "-1" },
    { startDate: "now" },
    { actorId: "x" },
    { search: "a\u0000" },
  ];
  for (const query of bad) assert.equal((await logs(query)).status, 422, JSON.stringify(query));
  assert.equal((await verify("?from=0")).status, 422);
});

test("a part of the trail can be checked by itself", async () => {
  const { body } = await verify("?from=2&to=4");
  assert.deepEqual([body.ok, body.rows, body.unlinked, body.from, body.to], [true, 3, 0, "2", "4"]);
  const nothing = await verify("?from=999999");
  assert.deepEqual([nothing.body.ok, nothing.body.rows, nothing.body.from], [true, 0, null]);
});

test("A02: an untouched trail verifies, and a row with one changed byte is named", async () => {
  const { body } = await verify();
  assert.equal(body.ok, true);
  assert.ok(body.rows + body.unlinked >= 2, "the first start and the login have rows");
  const { pool } = server.running.store;
  const { rows } = await pool.query(
    "update audit_events set body = replace(body, 'bootstrap', 'bootstrop') where body like '%bootstrap%' returning id",
  );
  const broken = await verify();
  assert.equal(broken.status, 200);
  assert.equal(broken.body.ok, false);
  assert.ok(rows.some((row) => row.id === broken.body.firstBreak.eventId));
  const { sequence } = broken.body.firstBreak;
  assert.equal((await verify(`?from=${sequence}&to=${sequence}`)).body.ok, false);
});
