/** Lists over very many leases, orders to end them, and freezes against leases that are just being made. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import * as bulkRevocations from "./bulk-revocations.ts";
import { Moved } from "./errors.ts";
import * as freezes from "./freezes.ts";
import * as leaseLists from "./lease-lists.ts";
import * as leases from "./leases.ts";
import type { Store } from "./store.ts";
import { testCaller, testDynamicSecret, testIntent, testPlace } from "./testing/rows.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
let store: Store;
let place: Awaited<ReturnType<typeof testPlace>>;
before(async () => {
  all = await stores();
  store = await all.open();
  place = await testPlace(store);
});
after(() => all?.stop());

const MANY = 100_000;
/** About so many are revoked by one order. */
const ORDERED = 3_000;

/** So many living leases and as many that have ended, of one dynamic secret; every hundredth holder is another. */
async function fill(): Promise<void> {
  const key = randomBytes(32);
  const secret = await testDynamicSecret(store, place, key);
  for (const [state, rest] of [
    ["active", "null, null, null, created + interval '1 day'"],
    ["gone", 'created, created, \'{"how": "looked-up"}\'::jsonb, null'],
  ]) {
    await store.pool.query(
      `insert into leases (id, project_id, dynamic_secret_id, config_version, target_key, username, answer_by, late_until,
         expires_at, created_at, state, actor_type, actor_id, actor_name, revoking_at, gone_at, proof, due_at)
       select gen_random_uuid(), $1, $2, 1, $3, '${state}-' || n, created, created, created + interval '1 day', created,
         '${state}', 'identity', ('00000000-0000-4000-8000-' || lpad((n % 100)::text, 12, '0'))::uuid, 'holder-' || n % 100, ${rest}
       from (select n, now() - n * interval '1 second' as created from generate_series(1, $4::int) n) as made`,
      [place.projectId, secret.id, key, MANY],
    );
  }
  await store.pool.query("vacuum analyze leases");
}

/** Rows that a query read, wherever in its plan. */
async function rowsRead(run: () => Promise<unknown>): Promise<number> {
  const read = async () => {
    const { rows } = await store.pool.query(
      `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read from pg_stat_user_tables where relname = 'leases'`,
    );
    return rows[0].read as number;
  };
  await store.pool.query("select pg_stat_force_next_flush()");
  const before = await read();
  await run();
  for (let look = 0; look < 100; look += 1) {
    await store.pool.query("select pg_stat_force_next_flush()");
    const now = await read();
    if (now > before) return now - before;
  }
  return 0;
}

test("a page of 100,000 leases and of as long a history reads no more rows than it has, from any place", async () => {
  await fill();
  const { projectId } = place;
  for (const state of ["live", "ended", "all"] as const) {
    const first = await leaseLists.page(store, { projectId, state }, { limit: 50 });
    assert.equal(first.length, 50);
    const { cursor } = first.at(-1)!;
    const read = await rowsRead(() => leaseLists.page(store, { projectId, state }, { limit: 50, after: cursor }));
    assert.ok(read >= 50 && read <= 1_000, `${state}: ${read} rows`);
  }
  const known = await leaseLists.page(store, { projectId, state: "ended", search: "GONE-4711" }, { limit: 50 });
  assert.deepEqual(
    known.map(({ username }) => username).sort(),
    ["gone-4711", ...Array.from({ length: 10 }, (_, n) => `gone-4711${n}`)]
      .filter((name) => Number(name.slice(5)) <= MANY)
      .sort(),
  );
  const read = await rowsRead(() =>
    leaseLists.page(store, { projectId, state: "ended", search: "gone-4711" }, { limit: 50 }),
  );
  assert.ok(read <= 1_000, `search: ${read} rows`);
  assert.equal(await leaseLists.count(store, { projectId, state: "all" }, 10_000), 10_000, "counted up to there");
});

test("an order over thousands of leases is given whole, and worked off in batches that survive any stop", async () => {
  const { projectId } = place;
  const caller = testCaller("operator");
  assert.equal((await bulkRevocations.show(store, projectId, {})).count, MANY);
  const oldest = await store.pool.query(
    "select created_at from leases where state = 'active' order by created_at offset $1 limit 1",
    [ORDERED],
  );
  const filter = { createdBefore: oldest.rows[0].created_at as Date };
  const shown = await bulkRevocations.show(store, projectId, filter);
  const ordering = (digest: string) =>
    store.transaction((tx) => bulkRevocations.order(tx, caller, projectId, filter, { digest, reason: "drill" }));
  await assert.rejects(ordering("0".repeat(64)), Moved);
  const { rows: none } = await store.pool.query("select 1 from bulk_revocations");
  assert.equal(none.length, 0, "a refused order leaves nothing");
  const { id, count } = await ordering(shown.digest);
  assert.equal(count, shown.count);
  assert.ok(count > 5 * bulkRevocations.BATCH);
  const before = (await bulkRevocations.progress(store, projectId, id))!;
  assert.deepEqual([before.count, before.pending, before.gone, before.failed], [count, count, 0, 0]);

  const step = () => store.transaction((tx) => bulkRevocations.step(tx));
  const first = (await step())!;
  assert.equal(first.moved.length, bulkRevocations.BATCH);
  assert.equal(first.caller.requestId, caller.requestId);
  // A node that dies in the middle of a batch.
  const died = store.transaction(async (tx) => {
    await bulkRevocations.step(tx);
    throw new Error("killed");
  });
  await assert.rejects(died, /killed/);
  // What lives since is no part of the order.
  const key = randomBytes(32);
  const late = await testDynamicSecret(store, place, key);
  const along = { limits: { ofSecret: 9, ofHolder: 9, ofProject: 9 }, asMember: false, events: [] };
  const newer = (await store.single((db) => leases.intend(db, testCaller(), testIntent(late, key), along)))!;
  let moved = first.moved.length;
  const ids = new Set(first.moved.map((lease) => lease.id));
  for (let next = await step(); next !== undefined; next = await step()) {
    moved += next.moved.length;
    for (const lease of next.moved) ids.add(lease.id);
  }
  assert.equal(moved, count);
  assert.equal(ids.size, count, "each once");
  assert.equal((await leases.byId(store, newer.id))!.state, "intended");
  const { rows } = await store.pool.query(
    "select count(*)::int as due from leases where state = 'revoking' and reason = 'bulk' and due_at <= now()",
  );
  assert.equal(rows[0].due, count);
});

test("a lease whose first transaction meets a freeze is refused or comes before it; never after", async () => {
  const scopes = ["project", "dynamic-secret", "identity"] as const;
  for (const kind of scopes) {
    const key = randomBytes(32);
    const home = await testPlace(store);
    const secret = await testDynamicSecret(store, home, key);
    const caller = testCaller();
    await store.sql
      .insertInto("memberships")
      .values({
        id: secret.id,
        project_id: home.projectId,
        actor_type: "identity",
        actor_id: caller.actor.id!,
        roles: "[]",
      })
      .execute();
    const ids = { project: home.projectId, "dynamic-secret": secret.id, identity: caller.actor.id! };
    const scope = kind === "project" ? { kind } : { kind, id: ids[kind] };
    const limits = { ofSecret: 9, ofHolder: 9, ofProject: 9 };
    const lease = () =>
      store.single((db) => leases.intend(db, caller, testIntent(secret, key), { limits, asMember: true, events: [] }));
    assert.ok(await lease());
    let pending: Promise<leases.Lease | undefined> | undefined;
    await store.transaction(async (tx) => {
      await freezes.freeze(tx, home.projectId, scope, testCaller("guard"), "incident");
      // It has begun before the freeze has committed, and has to wait for it.
      pending = lease();
      const waits =
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%insert into leases%'";
      for (let look = 0; (await store.pool.query(waits)).rows.length === 0; look += 1) {
        assert.ok(look < 1_000, `${kind}: it waits for the freeze`);
        await new Promise((settle) => setTimeout(settle, 5));
      }
    });
    assert.equal(await pending, undefined, kind);
    assert.equal((await freezes.standing(store, home.projectId, secret.id, caller.actor))?.reason, "incident");
    await store.transaction((tx) => freezes.unfreeze(tx, home.projectId, scope));
    assert.ok(await lease(), kind);
  }
});
