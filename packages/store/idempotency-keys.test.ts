import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import * as keys from "./idempotency-keys.ts";
import * as leases from "./leases.ts";
import * as renewals from "./renewals.ts";
import * as replacements from "./replacements.ts";
import * as revocations from "./revocations.ts";
import type { Store } from "./store.ts";
import { intended, testCaller, testDynamicSecret, testIntent, testPlace } from "./testing/rows.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
let store: Store;
let secret: Awaited<ReturnType<typeof testDynamicSecret>>;
const targetKey = randomBytes(32);
before(async () => {
  all = await stores();
  store = await all.open();
  secret = await testDynamicSecret(store, await testPlace(store), targetKey);
});
after(() => all.stop());

const digests = (digest: Buffer = randomBytes(32)): keys.Digests => ({ digest, body: randomBytes(32) });
const intend = (key?: keys.Digests, replaces: string | null = null) =>
  store.single((db) => intended(db, testIntent(secret, targetKey, { replaces }), key));

/** An active lease of its own, renewed under the key. */
async function renewal(key: keys.Digests, on: { single: Store["single"] } = store): Promise<leases.Lease> {
  const row = await intend();
  const active = await leases
    .activation(store, row.id, row.fence_no, { keep: null, nativeUntil: null })
    .executeTakeFirstOrThrow();
  const extension = { ttlSeconds: 60, maxSeconds: 86_400, inTarget: true };
  const along = { caller: testCaller(), events: [], key };
  return (await on.single((db) => renewals.begin(db, active, extension, along)))!;
}

const dayPasses = () => store.pool.query("update idempotency_keys set used_at = used_at - interval '24 hours'");

async function count(): Promise<number> {
  const { rows } = await store.pool.query(
    "select (select count(*) from leases)::int as leases, (select max(live) from counters) as live",
  );
  assert.equal(rows[0].leases, rows[0].live ?? 0, "every lease is counted, and nothing else");
  return rows[0].leases;
}

test("of many intents at once under one free key one is made and counted, and the key names it", async () => {
  const { digest } = digests();
  const wanted = Array.from({ length: 6 }, () => digests(digest));
  const before = await count();
  const tried = await Promise.allSettled(wanted.map((key) => intend(key)));
  const made = tried.flatMap((one, at) => (one.status === "fulfilled" ? [{ row: one.value, key: wanted[at]! }] : []));
  for (const one of tried) if (one.status === "rejected") assert.ok(one.reason instanceof keys.KeyTaken, one.reason);
  assert.equal(made.length, 1);
  assert.equal(await count(), before + 1);
  const found = await keys.find(store, digest);
  assert.deepEqual([found?.lease_id, found?.body], [made[0]!.row.id, made[0]!.key.body]);
});

test("of many renewals at once under one free key one has it", async () => {
  const key = digests();
  const tried = await Promise.allSettled(Array.from({ length: 6 }, () => renewal(key)));
  const made = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  for (const one of tried) if (one.status === "rejected") assert.ok(one.reason instanceof keys.KeyTaken, one.reason);
  assert.equal(made.length, 1);
  const found = await keys.find(store, key.digest);
  assert.deepEqual([found?.lease_id, found?.renewed_until], [made[0]!.id, made[0]!.expires_at]);
  const { rows } = await store.pool.query("select id from leases where renew_from is not null");
  assert.deepEqual(rows, [{ id: made[0]!.id }], "without its key no lease is renewed");
});

test("a key that is not committed makes the next one wait, and stays free when it is rolled back", async () => {
  const key = digests();
  let second: Promise<leases.Lease> | undefined;
  const failing = store.transaction(async (tx) => {
    await renewal(key, { single: (work) => work(tx) });
    second = renewal(key);
    await new Promise((settle) => setTimeout(settle, 100));
    throw new Error("rolled back");
  });
  await assert.rejects(failing, /rolled back/);
  await second;
});

test("a key is passed on only from the lease that it names", async () => {
  const key = digests();
  const held = await intend(key);
  const next = randomUUID();
  const pass = (from: string) => store.transaction((tx) => keys.passOn(tx, key.digest, from, next));
  const passed = await Promise.all([pass(held.id), pass(held.id), pass(randomUUID())]);
  assert.deepEqual(passed.sort(), [false, false, true]);
  assert.equal((await keys.find(store, key.digest))?.lease_id, next);
});

test("after a day a key is free, and goes", async () => {
  const [old, other] = [digests(), digests()];
  await intend(old);
  await intend(other);
  await dayPasses();
  assert.equal(await keys.find(store, old.digest), undefined);
  const anew = await intend(digests(old.digest));
  while ((await store.transaction((tx) => keys.forget(tx))) > 0);
  const { rows } = await store.pool.query("select lease_id from idempotency_keys");
  assert.deepEqual(rows, [{ lease_id: anew.id }]);
});

test("a lease that is replaced ends once, and neither of the two keeps the other from being forgotten", async () => {
  const issue = async (replaces: string | null) => {
    const row = await intend(undefined, replaces);
    const found = { keep: null, nativeUntil: null };
    return (await leases.activation(store, row.id, row.fence_no, found).executeTakeFirst())!;
  };
  const older = await issue(null);
  const newer = await issue(older.id);
  const replace = () =>
    store.transaction(async (tx) => {
      await replacements.hold(tx, older.id, newer.id);
      return replacements.replace(tx, older.id, newer.id, "me");
    });
  const ended = await replace();
  assert.deepEqual([ended?.state, ended?.reason, ended?.replaced_by], ["revoking", "replaced", newer.id]);
  assert.equal(await replace(), undefined);
  const proof = { how: "looked-up" as const, at: "2026-01-01T00:00:00Z", node: "n" };
  await store.transaction((tx) =>
    revocations.finish(tx, older.id, ended!.fence_no, { proof, killed: 0, fenced: false }),
  );
  await store.pool.query("update leases set gone_at = gone_at - interval '2 days' where state = 'gone'");
  assert.equal(await store.transaction((tx) => revocations.forget(tx, 1)), 1);
  assert.equal((await leases.byId(store, newer.id))?.replaces, null);
});
