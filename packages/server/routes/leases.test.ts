/** A lease's own words, beats and hand-over, and the lists and the history of a project's leases. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Scene, scene } from "../testing/callers.ts";
import { until } from "../testing/moments.ts";
import type { Heard, TestServer } from "../testing/server.ts";

let at: Scene;
before(async () => {
  at = await scene();
});
after(() => at?.stop());

const dynamic = "/api/v1/dynamic-secrets";
const ask: TestServer["ask"] = (...asked) => at.server.ask(...asked);
const lists = (query: Record<string, string> = {}) =>
  `/api/v1/projects/${at.projectId}/leases?${new URLSearchParams(query)}`;
const one = (id: string) => `/api/v1/projects/${at.projectId}/leases/${id}`;
const sql = (text: string, values: unknown[] = []) => at.server.running.store.pool.query(text, values);

async function lease(more = {}, token = at.tokens.admin): Promise<Heard["body"]> {
  const heard = await ask("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: "postgres", ...more }, token);
  assert.equal(heard.status, 200, JSON.stringify(heard.body));
  return heard.body;
}
const idsOf = ({ body }: Heard): string[] => body.leases.map(({ id }: { id: string }) => id);
const gone = (id: string) => until(async () => (await ask("GET", one(id))).body.lease.verifiedGoneAt !== null);

test("purpose, ticket and labels stay with a lease into its history, which says how it ended", async () => {
  const words = { purpose: "nightly export", ticket: "OPS-7", labels: { team: "shop", "ci/run": "12" } };
  const made = await lease(words);
  const { id } = made.lease;
  assert.equal((await ask("DELETE", `${dynamic}/leases/${id}`, at.loc)).status, 200);
  assert.equal(
    (await ask("GET", `${dynamic}/leases/${id}?${at.query}`)).status,
    404,
    "for official clients it is gone",
  );
  const { status, body } = await ask("GET", one(id));
  assert.equal(status, 200);
  const { purpose, ticket, labels, ...rest } = body.lease;
  assert.deepEqual({ purpose, ticket, labels }, words);
  assert.equal(rest.reason, "asked");
  assert.equal(rest.proof.how, "looked-up");
  assert.equal(rest.owner.id, at.server.running.bootstrap!.identity.id);
  assert.ok(rest.endedAt <= rest.verifiedGoneAt);
  assert.ok(!JSON.stringify(body).includes(made.data.DB_PASSWORD));
  assert.deepEqual(idsOf(await ask("GET", lists({ state: "ended", search: rest.externalEntityId.toUpperCase() }))), [
    id,
  ]);
});

test("what cannot be kept of them is refused without being repeated", async () => {
  for (const more of [
    { purpose: "x".repeat(256) },
    { ticket: "two\nlines" },
    { labels: { ["canary".repeat(20)]: "x" } },
    { labels: { "": "x" } },
    { labels: { a: "\u0000" } },
    { labels: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`l${n}`, ""])) },
    { heartbeat: "9s" },
    { heartbeat: "2h" },
  ]) {
    const heard = await ask("POST", `${dynamic}/leases`, { ...at.loc, dynamicSecretName: "postgres", ...more });
    assert.equal(heard.status, 422, JSON.stringify(more));
    assert.ok(!JSON.stringify(heard.body).includes("canary"));
  }
});

test("a lease with a heartbeat lives on with each beat, and ends when two are missed", async () => {
  const { lease: made } = await lease({ heartbeat: "30s" });
  const beat = () => ask("POST", `${dynamic}/leases/${made.id}/beat`, at.loc);
  await sql("update leases set beat_by = beat_by - interval '50 s', due_at = due_at - interval '50 s' where id = $1", [
    made.id,
  ]);
  const beaten = await beat();
  assert.equal(beaten.status, 200, JSON.stringify(beaten.body));
  const left = Date.parse(beaten.body.lease.beatBy) - Date.now();
  assert.ok(left > 50_000 && left <= 60_500, String(left));
  const renewed = await ask("POST", `${dynamic}/leases/${made.id}/renew`, { ...at.loc, ttl: "5m" });
  assert.equal(renewed.body.lease.beatBy, beaten.body.lease.beatBy, "a renewal is no beat");
  await sql("update leases set beat_by = beat_by - interval '61 s', due_at = due_at - interval '61 s' where id = $1", [
    made.id,
  ]);
  await gone(made.id);
  assert.equal((await ask("GET", one(made.id))).body.lease.reason, "missed-beat");
  assert.equal((await beat()).status, 404);
  const { rows } = await sql("select body from audit_events where body like '%lease.expired%' and body like $1", [
    `%${made.id}%`,
  ]);
  assert.equal(JSON.parse(rows[0].body).detail.reason, "missed-beat");
});

test("a beat for a lease that expects none, or of another project, is refused", async () => {
  const { lease: plain } = await lease();
  const beat = (id: string, token?: string) => ask("POST", `${dynamic}/leases/${id}/beat`, at.loc, token);
  const refused = await beat(plain.id);
  assert.equal(refused.status, 400);
  assert.match(refused.body.message, /without a heartbeat/);
  assert.equal((await beat(plain.id, at.tokens.foreign)).status, 404);
  assert.equal((await beat(plain.id, at.tokens.leaseOnly)).status, 404);
});

test("a lease is handed over: both live for the grace, know each other, and the old one goes", async () => {
  const old = await lease({ labels: { team: "shop" }, ttl: "1h" });
  const rotate = (body = {}) => ask("POST", `${dynamic}/leases/${old.lease.id}/rotate`, { ...at.loc, ...body });
  const { status, body } = await rotate({ grace: "30s", ttl: "10m" });
  assert.equal(status, 200, JSON.stringify(body));
  assert.notEqual(body.data.DB_USERNAME, old.data.DB_USERNAME);
  const [before, after] = await Promise.all([ask("GET", one(old.lease.id)), ask("GET", one(body.lease.id))]);
  assert.equal(before.body.lease.replacedBy, body.lease.id);
  assert.equal(after.body.lease.replaces, old.lease.id);
  assert.deepEqual(after.body.lease.labels, { team: "shop" });
  assert.equal(before.body.lease.status, null, "it lives");
  const left = Date.parse(before.body.lease.expireAt) - Date.now();
  assert.ok(left > 20_000 && left <= 30_500, String(left));
  await sql("update leases set expires_at = lease_now(), due_at = lease_now() where id = $1", [old.lease.id]);
  await gone(old.lease.id);
  assert.equal((await rotate()).status, 404);
});

test("a hand-over never puts the old end off, and is not for other people's leases", async () => {
  const short = await lease({ ttl: "1m" });
  const path = `${dynamic}/leases/${short.lease.id}/rotate`;
  assert.equal((await ask("POST", path, { ...at.loc, grace: "2h" })).status, 422);
  assert.equal((await ask("POST", path, at.loc, at.tokens.leaseOnly)).status, 404);
  assert.equal((await ask("POST", path, { ...at.loc, grace: "1h" })).status, 200);
  const { body } = await ask("GET", one(short.lease.id));
  assert.equal(body.lease.expireAt, short.lease.expireAt);
});

test("a project's leases are narrowed by what is asked, counted, and read page by page", async () => {
  const marks = [];
  for (let n = 0; n < 3; n += 1) marks.push((await lease({ purpose: "paged" })).lease);
  const mine = (await lease({}, at.tokens.leaseOnly)).lease;
  const narrowed = async (query: Record<string, string>) => idsOf(await ask("GET", lists({ limit: "100", ...query })));
  const all = await narrowed({ state: "all" });
  for (const { id } of [...marks, mine]) assert.ok(all.includes(id));
  assert.deepEqual(await narrowed({ identityId: at.leaseOnlyId }), [mine.id]);
  assert.deepEqual(await narrowed({ search: mine.id.toUpperCase() }), [mine.id]);
  assert.deepEqual(await narrowed({ search: mine.externalEntityId.slice(0, 20) }), [mine.id]);
  assert.deepEqual(await narrowed({ search: "%" }), [], "what is typed is no pattern");
  assert.deepEqual(await narrowed({ path: "/other" }), []);
  assert.deepEqual(await narrowed({ path: "/data" }), [], "a beginning of a folder's name is not the folder");
  assert.deepEqual(await narrowed({ type: "redis" }), []);
  assert.deepEqual(await narrowed({ expiresBefore: new Date().toISOString() }), []);
  const living = await narrowed({});
  const everywhere: Record<string, string>[] = [
    { path: "/" },
    { path: "/database" },
    { environmentSlug: "prod", dynamicSecretName: "Postgres", type: "sql-database" },
    { target: `${at.target.host}:${at.target.port}` },
    { expiresBefore: new Date(Date.now() + 86_400_000).toISOString() },
  ];
  for (const same of everywhere) {
    assert.deepEqual(await narrowed(same), living, JSON.stringify(same));
  }
  const paged: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body }: Heard = await ask("GET", lists({ limit: "2", cursor, state: "all" }));
    assert.equal(body.totalCount, all.length);
    paged.push(...body.leases.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor;
  }
  assert.deepEqual(paged, all);
});

test("who may only lease finds its own leases, and is told no count", async () => {
  const { lease: mine } = await lease({}, at.tokens.leaseOnly);
  const { lease: theirs } = await lease();
  const heard = await ask("GET", lists({ limit: "100" }), undefined, at.tokens.leaseOnly);
  assert.ok(idsOf(heard).includes(mine.id) && !idsOf(heard).includes(theirs.id));
  assert.equal(heard.body.totalCount, null);
  assert.equal((await ask("GET", one(mine.id), undefined, at.tokens.leaseOnly)).status, 200);
  assert.equal((await ask("GET", one(theirs.id), undefined, at.tokens.leaseOnly)).status, 404);
});

test("bad queries are refused, and another project's lease is not there", async () => {
  const bad: Record<string, string>[] = [
    { limit: "0" },
    { limit: "101" },
    { state: "dead" },
    { cursor: "x" },
    { expiresBefore: "soon" },
    { search: "a\u0000" },
  ];
  for (const query of bad) {
    assert.equal((await ask("GET", lists(query))).status, 422, JSON.stringify(query));
  }
  const { lease: mine } = await lease();
  const elsewhere = (await ask("GET", "/api/v2/workspace/elsewhere", undefined, at.tokens.foreign)).body.id;
  const path = `/api/v1/projects/${elsewhere}/leases/${mine.id}`;
  assert.equal((await ask("GET", path, undefined, at.tokens.foreign)).status, 404);
  assert.equal((await ask("GET", one(mine.id), undefined, at.tokens.foreign)).status, 404);
});
