import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import * as leases from "./leases.ts";
import * as revocations from "./revocations.ts";
import type { Store } from "./store.ts";
import { intended as made, testDynamicSecret, testIntent, testPlace } from "./testing/rows.ts";
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

const proof = { how: "looked-up" as const, at: "2026-01-01T00:00:00Z", node: "n" };

async function intended(
  change: Parameters<typeof testIntent>[2] = {},
  targetKey = randomBytes(32),
): Promise<leases.Lease> {
  const secret = await testDynamicSecret(store, place, targetKey);
  return store.transaction((tx) => made(tx, testIntent(secret, targetKey, change)));
}

async function active(change: Parameters<typeof testIntent>[2] = {}): Promise<leases.Lease> {
  const row = await intended(change);
  const moved = await store.transaction((tx) =>
    leases.activation(tx, row.id, row.fence_no, { keep: null, nativeUntil: null }).executeTakeFirst(),
  );
  return moved!;
}

function backdate(id: string, column: string, seconds: number): Promise<unknown> {
  return store.pool.query(`update leases set ${column} = ${column} - make_interval(secs => $2) where id = $1`, [
    id,
    seconds,
  ]);
}

test("an intent is durable, due at its answer, and lives exactly its TTL", async () => {
  const row = await intended({ ttlSeconds: 60 });
  assert.equal(row.state, "intended");
  assert.equal(row.expires_at.getTime() - row.created_at.getTime(), 60_000);
  assert.deepEqual(row.due_at, row.answer_by);
});

test("two live leases of one target cannot have one name; a gone one frees it", async () => {
  const key = randomBytes(32);
  const first = await intended({ username: "same" }, key);
  await assert.rejects(intended({ username: "same" }, key), leases.isNameInUse);
  await store.transaction(async (tx) => {
    const failed = await revocations.failCreate(tx, first.id, 1, {
      errorClass: "refused",
      error: "no",
      neverLands: true,
    });
    await revocations.finish(tx, first.id, failed!.fence_no, { proof, killed: 0, fenced: false });
  });
  assert.equal((await intended({ username: "same" }, key)).state, "intended");
});

test("an intent past its answer cannot become active", async () => {
  const row = await intended();
  await backdate(row.id, "answer_by", 60);
  const late = await store.transaction((tx) =>
    leases.activation(tx, row.id, row.fence_no, { keep: null, nativeUntil: null }).executeTakeFirst(),
  );
  assert.equal(late, undefined);
});

test("R12: a mover with an old fence number changes nothing", async () => {
  const row = await active();
  const asked = await store.transaction((tx) => revocations.askRevocation(tx, row.id, "asked", "me"));
  const again = await store.transaction((tx) => revocations.claimRevoking(tx, row.id));
  const end = { proof, killed: 0, fenced: true };
  assert.equal(await store.transaction((tx) => revocations.finish(tx, row.id, asked!.fence_no, end)), undefined);
  assert.equal((await store.transaction((tx) => revocations.finish(tx, row.id, again!.fence_no, end)))?.state, "gone");
});

test("a claim takes what is due, moves it to revoking, and hides it for a minute", async () => {
  const row = await active({ ttlSeconds: 60 });
  await backdate(row.id, "due_at", 120);
  await backdate(row.id, "expires_at", 120);
  const claim = () => store.transaction((tx) => revocations.claimDue(tx, [row.target_key], [8], 64));
  const [claimed, ...more] = await claim();
  assert.equal(more.length, 0);
  assert.equal(claimed?.was, "active");
  assert.equal(claimed?.state, "revoking");
  assert.equal(claimed?.reason, "expired");
  assert.deepEqual(await claim(), []);
  await backdate(row.id, "due_at", 61);
  assert.equal((await claim())[0]?.was, "revoking", "the node died: the row falls due again");
});

test("two nodes never claim the same row", async () => {
  const key = randomBytes(32);
  const secret = await testDynamicSecret(store, place, key);
  for (let n = 0; n < 20; n += 1) {
    await store.transaction((tx) => made(tx, testIntent(secret, key, { answerSeconds: -1 })));
  }
  const claims = await Promise.all(
    Array.from({ length: 6 }, () => store.transaction((tx) => revocations.claimDue(tx, [key], [8], 64))),
  );
  const ids = claims.flat().map((row) => row.id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, 20);
});

test("a failed create is not gone before it could not land any more", async () => {
  const row = await intended();
  const failed = await store.transaction((tx) =>
    revocations.failCreate(tx, row.id, row.fence_no, { errorClass: "unreachable", error: "late", neverLands: false }),
  );
  const end = { proof, killed: 0, fenced: false };
  assert.equal(await store.transaction((tx) => revocations.finish(tx, row.id, failed!.fence_no, end)), undefined);
  const waiting = await store.transaction((tx) => revocations.waitForLate(tx, row.id, failed!.fence_no));
  assert.deepEqual(waiting?.due_at, row.late_until);
  await backdate(row.id, "late_until", 600);
  assert.equal(
    (await store.transaction((tx) => revocations.finish(tx, row.id, waiting!.fence_no, end)))?.state,
    "gone",
  );
});

test("R24: the version a lease was made with cannot be deleted", async () => {
  const row = await active();
  await assert.rejects(
    store.pool.query("delete from config_versions where dynamic_secret_id = $1", [row.dynamic_secret_id]),
    /foreign key/,
  );
});

test("attention comes at five minutes overdue", async () => {
  const row = await active();
  const asked = await store.transaction((tx) => revocations.askRevocation(tx, row.id, "asked", "me"));
  const failure = { errorClass: "unreachable", error: "down", delaySeconds: 300, fenced: false, killed: 0 };
  await store.transaction((tx) => revocations.failAttempt(tx, row.id, asked!.fence_no, failure));
  const marked = async () => (await store.transaction((tx) => revocations.markUnheeded(tx))).map(({ id }) => id);
  await backdate(row.id, "revoking_at", 299);
  assert.ok(!(await marked()).includes(row.id));
  await backdate(row.id, "revoking_at", 301);
  assert.ok((await marked()).includes(row.id));
  assert.ok(!(await marked()).includes(row.id), "told once");
});
