import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import * as keys from "./idempotency-keys.ts";
import * as leases from "./leases.ts";
import * as replacements from "./replacements.ts";
import * as revocations from "./revocations.ts";
import type { Store } from "./store.ts";
import { testCaller, testDynamicSecret, testIntent, testPlace } from "./testing/rows.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
let store: Store;
before(async () => {
  all = await stores();
  store = await all.open();
});
after(() => all.stop());

const use = (digest = randomBytes(32), leaseId: string = randomUUID()): keys.Use => ({
  digest,
  body: randomBytes(32),
  leaseId,
  renewedUntil: null,
});
const take = (wanted: keys.Use) => store.transaction((tx) => keys.take(tx, wanted));
const dayPasses = () => store.pool.query("update idempotency_keys set used_at = used_at - interval '24 hours'");

test("of many who take a free key at once one gets it, and it names that one's lease", async () => {
  const digest = randomBytes(32);
  const wanted = Array.from({ length: 6 }, () => use(digest));
  const taken = await Promise.all(wanted.map(take));
  const winner = wanted.filter((_, at) => taken[at]);
  assert.equal(winner.length, 1);
  const found = await keys.find(store, digest);
  assert.deepEqual([found?.lease_id, found?.body], [winner[0]!.leaseId, winner[0]!.body]);
});

test("a key that is not committed makes the next one wait, and leaves it free when it is rolled back", async () => {
  const first = use();
  let second: Promise<boolean> | undefined;
  const failing = store.transaction(async (tx) => {
    await keys.take(tx, first);
    second = take(use(first.digest));
    await new Promise((settle) => setTimeout(settle, 100));
    throw new Error("rolled back");
  });
  await assert.rejects(failing, /rolled back/);
  assert.equal(await second, true);
});

test("a key is passed on only from the lease that it names", async () => {
  const held = use();
  await take(held);
  const next = randomUUID();
  const pass = (from: string, to: string) => store.transaction((tx) => keys.passOn(tx, held.digest, from, to));
  assert.deepEqual(
    await Promise.all([pass(held.leaseId, next), pass(held.leaseId, next), pass(randomUUID(), next)]).then((passed) =>
      passed.sort(),
    ),
    [false, false, true],
  );
  assert.equal((await keys.find(store, held.digest))?.lease_id, next);
});

test("after a day a key is free, and goes", async () => {
  const [old, other] = [use(), use()];
  await take(old);
  await take(other);
  await dayPasses();
  assert.equal(await keys.find(store, old.digest), undefined);
  const anew = use(old.digest);
  assert.equal(await take(anew), true);
  while ((await store.transaction((tx) => keys.forget(tx))) > 0);
  const { rows } = await store.pool.query("select digest from idempotency_keys");
  assert.deepEqual(rows, [{ digest: anew.digest }]);
});

test("a lease that was replaced ends with its successor's, and neither keeps the other from being forgotten", async () => {
  const key = randomBytes(32);
  const secret = await testDynamicSecret(store, await testPlace(store), key);
  const issue = (replaces: string | null) =>
    store.transaction(async (tx) => {
      const row = await leases.intend(tx, testCaller(), testIntent(secret, key, { replaces }));
      return (await leases.activate(tx, row.id, row.fence_no, { keep: null, nativeUntil: null }))!;
    });
  const older = await issue(null);
  const newer = await issue(older.id);
  const ended = await store.transaction(async (tx) => {
    await replacements.hold(tx, older.id);
    return replacements.replace(tx, older.id, newer.id, "me");
  });
  assert.deepEqual([ended?.state, ended?.reason, ended?.replaced_by], ["revoking", "replaced", newer.id]);
  const again = await store.transaction((tx) => replacements.replace(tx, older.id, newer.id, "me"));
  assert.equal(again, undefined);
  await store.transaction(async (tx) => {
    const proof = { how: "looked-up" as const, at: "2026-01-01T00:00:00Z", node: "n" };
    await revocations.finish(tx, older.id, ended!.fence_no, { proof, killed: 0, fenced: false });
  });
  await store.pool.query("update leases set gone_at = gone_at - interval '2 days' where state = 'gone'");
  assert.equal(await store.transaction((tx) => revocations.forget(tx, 1)), 1);
  assert.equal((await leases.byId(store, newer.id))?.replaces, null);
});
