import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import * as idempotencyKeys from "./idempotency-keys.ts";
import * as leases from "./leases.ts";
import * as renewals from "./renewals.ts";
import * as replacements from "./replacements.ts";
import * as revocations from "./revocations.ts";
import type { Store } from "./store.ts";
import { intended, testCaller, testDynamicSecret, testIntent, testPlace } from "./testing/rows.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
let store: Store;
let place: Awaited<ReturnType<typeof testPlace>>;
before(async () => {
  all = await stores();
  store = await all.open();
  place = await testPlace(store);
});
after(() => all.stop());

const caller = testCaller();

async function active(ttlSeconds = 60, beatEvery: number | null = null): Promise<leases.Lease> {
  const targetKey = randomBytes(32);
  const secret = await testDynamicSecret(store, place, targetKey);
  const row = await store.transaction((tx) => intended(tx, testIntent(secret, targetKey, { ttlSeconds, beatEvery })));
  const t2 = leases.activation(store, row.id, row.fence_no, { keep: null, nativeUntil: null });
  return t2.executeTakeFirstOrThrow();
}

function begin(
  row: leases.Lease,
  change: Partial<renewals.Extension> = {},
  key?: idempotencyKeys.Digests,
): Promise<leases.Lease | undefined> {
  const wanted = { ttlSeconds: 60, maxSeconds: 86_400, inTarget: true, ...change };
  return store.single((db) => renewals.begin(db, row, wanted, { caller, events: [], key }));
}

function finish(row: leases.Lease, handedOn = false): Promise<leases.Lease | undefined> {
  const found = { nativeUntil: new Date("2030-01-01"), handedOn };
  return store.single((db) => renewals.finish(db, row, found, { caller, events: [{ event: "lease.renewed" }] }));
}

const undo = (row: leases.Lease, key?: idempotencyKeys.Digests) => store.single((db) => renewals.undo(db, row, key));

const read = async (row: leases.Lease): Promise<leases.Lease> => (await leases.byId(store, row.id))!;

const claim = (row: leases.Lease) =>
  store.transaction((tx) => revocations.claimDue(tx, [row.target_key], [8], 64)).then(([claimed]) => claimed);

/** So many seconds pass for everything that a renewal has written. */
function pass(row: leases.Lease, seconds: number): Promise<unknown> {
  return store.pool.query(
    `update leases set due_at = due_at - d, expires_at = expires_at - d, renew_from = renew_from - d, renew_by = renew_by - d
     from make_interval(secs => $2) as d where id = $1`,
    [row.id, seconds],
  );
}

test("R15: a renewal adds to the old end and never passes the ceiling, by not even a second", async () => {
  const row = await active(60);
  assert.equal(await begin(row, { ttlSeconds: 61, maxSeconds: 120 }), undefined);
  const begun = (await begin(row, { maxSeconds: 120 }))!;
  assert.equal(begun.expires_at.getTime(), row.created_at.getTime() + 120_000);
  const done = (await finish(begun))!;
  assert.deepEqual([done.due_at, done.expires_at], [begun.expires_at, begun.expires_at]);
  assert.deepEqual([done.native_until, done.renew_from, done.renew_by], [new Date("2030-01-01"), null, null]);
  assert.equal(await begin(done, { ttlSeconds: 1, maxSeconds: 120 }), undefined);
});

test("where a target keeps no end, the beginning is all of it", async () => {
  const row = await active();
  const done = (await begin(row, { inTarget: false }))!;
  assert.deepEqual([done.renew_from, done.renew_by], [null, null]);
  assert.deepEqual(done.due_at, done.expires_at);
  assert.ok(await begin(done));
});

test("R16: a revoked or expired lease cannot be renewed", async () => {
  const expired = await active();
  await pass(expired, 7_200);
  const revoked = await active();
  const asked = await store.transaction((tx) => revocations.askRevocation(tx, revoked.id, "asked", "me"));
  for (const row of [expired, revoked, asked!]) assert.equal(await begin(row), undefined);
});

test("while one renewal is under way no other begins, and none before what was cut off must have landed", async () => {
  const row = await active(600);
  const begun = (await begin(row))!;
  assert.deepEqual(begun.renew_from, row.expires_at);
  assert.equal(await begin(row), undefined);
  assert.equal(await begin(begun), undefined);
  await pass(row, 9);
  const taken = (await claim(row))!;
  const done = (await finish(taken, true))!;
  assert.equal(done.renew_from, null);
  assert.equal(await begin(done), undefined, "the one that was cut off may still land");
  await pass(row, 30);
  assert.ok(await begin(done));
});

test("a renewal that nobody finishes falls due, lives on, and is taken over by one node", async () => {
  const row = await active(600);
  const begun = (await begin(row))!;
  assert.equal(await claim(row), undefined, "it is somebody's turn");
  await pass(row, 9);
  const claims = await Promise.all([claim(row), claim(row), claim(row)]);
  const [taken, ...more] = claims.filter((one) => one !== undefined);
  assert.equal(more.length, 0);
  assert.deepEqual([taken!.renews, taken!.state, taken!.attempts], [true, "active", 0]);
  assert.deepEqual([taken!.reason, taken!.revoking_at], [null, null]);
  assert.ok(taken!.renew_from !== null && taken!.due_at! < taken!.expires_at);
  assert.equal(await finish(begun), undefined, "who began it has lost its turn");
  assert.equal(await undo(begun), undefined);
  await pass(row, 9);
  assert.equal((await claim(row))?.renews, true, "the next one died too");
});

test("a renewal that is under way at its lease's end ends with it", async () => {
  const row = await active(2);
  const begun = (await begin(row, { ttlSeconds: 2 }))!;
  assert.deepEqual(begun.due_at, begun.expires_at);
  await pass(row, 4);
  const claimed = (await claim(row))!;
  assert.deepEqual([claimed.renews, claimed.state, claimed.reason], [false, "revoking", "expired"]);
  assert.deepEqual([claimed.renew_from, claimed.renew_by], [null, null]);
});

test("of a target that is not asked, only what is over moves to revoking", async () => {
  const row = await active(600);
  await begin(row);
  const unasked = () => store.transaction((tx) => revocations.expireUnasked(tx, row.target_key, "down"));
  await pass(row, 9);
  assert.deepEqual(await unasked(), []);
  await pass(row, 700);
  const [moved] = await unasked();
  assert.deepEqual([moved?.state, moved?.renew_from, moved?.renew_by], ["revoking", null, null]);
});

test("whatever ends a lease ends its renewal: nothing can be finished or undone after it", async () => {
  const ways: ((row: leases.Lease) => Promise<unknown>)[] = [
    (row) => store.transaction((tx) => revocations.askRevocation(tx, row.id, "asked", "me")),
    (row) => store.transaction((tx) => revocations.cascade(tx, [row.dynamic_secret_id], "me")),
    (row) => store.transaction((tx) => replacements.replace(tx, row.id, row.id, "me")),
  ];
  for (const end of ways) {
    const begun = (await begin(await active()))!;
    await end(begun);
    const ending = await read(begun);
    assert.deepEqual([ending.state, ending.renew_from, ending.renew_by], ["revoking", null, null]);
    assert.equal(await finish(begun), undefined);
    assert.equal(await undo(begun), undefined);
  }
});

test("an undone renewal leaves the end that there was, and frees its key and no other", async () => {
  const row = await active();
  const [key, other] = [1, 2].map(() => ({ digest: randomBytes(32), body: randomBytes(32) }));
  const first = (await begin(row, {}, other))!;
  const done = (await finish(first))!;
  const begun = (await begin(done, {}, key))!;
  const undone = (await undo(begun, key))!;
  assert.deepEqual([undone.expires_at, undone.due_at], [first.expires_at, first.expires_at]);
  assert.deepEqual([undone.renew_from, undone.renew_by], [null, null]);
  assert.equal(await idempotencyKeys.find(store, key!.digest), undefined);
  assert.deepEqual((await idempotencyKeys.find(store, other!.digest))?.renewed_until, first.expires_at);
  assert.ok(await begin(undone), "and the next one may begin at once");
});

test("a lease that is handed over during a renewal ends by then, whether the renewal is undone or taken over", async () => {
  const row = await active(3_600);
  const begun = (await begin(row))!;
  const handed = (await store.transaction((tx) => replacements.handOver(tx, row.id, row.id, 60)))!;
  assert.equal(await finish(begun), undefined, "who renewed has lost its turn");
  const undone = (await undo(handed))!;
  assert.ok(undone.expires_at.getTime() < row.expires_at.getTime() - 3_000_000);
  assert.deepEqual(undone.due_at, undone.expires_at);
});

test("a beat puts no renewal off that somebody has to look after, and a missed one ends the lease in spite of it", async () => {
  const row = await active(3_600, 600);
  assert.deepEqual(row.due_at, row.beat_by);
  const begun = (await begin(row))!;
  const beaten = (await store.transaction((tx) => leases.beat(tx, row.id)))!;
  assert.equal(beaten.fence_no, begun.fence_no, "it stands in nobody's way");
  assert.ok(beaten.due_at!.getTime() <= beaten.renew_by!.getTime());
  const done = (await finish(begun))!;
  assert.deepEqual(done.due_at, done.beat_by);
  await begin(done);
  await store.pool.query("update leases set beat_by = now(), due_at = now() where id = $1", [row.id]);
  const claimed = (await claim(row))!;
  assert.deepEqual([claimed.state, claimed.reason, claimed.renew_from], ["revoking", "missed-beat", null]);
});
