import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import * as alerts from "./alerts.ts";
import type { Store } from "./store.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
let store: Store;
before(async () => {
  all = await stores();
  store = await all.open();
});
beforeEach(() => store.pool.query("delete from alerts"));
after(() => all.stop());

const raise = (alert: Partial<alerts.Alert> = {}) =>
  store.transaction((tx) => alerts.raise(tx, { kind: "target.down", target: { address: "db:5432" }, ...alert }));
const claim = (most = 10) => store.transaction((tx) => alerts.claim(tx, most));

test("an alert is not there when what it tells of did not commit", async () => {
  await assert.rejects(
    store.transaction(async (tx) => {
      await alerts.raise(tx, { kind: "target.up", target: { address: "db:5432" } });
      throw new Error("no");
    }),
  );
  assert.deepEqual(await claim(), []);
});

test("an alert says what is on its list and nothing else", async () => {
  const lease = { id: randomUUID(), projectId: randomUUID(), dynamicSecretId: randomUUID(), account: "u1" };
  const more = { password: "canary" };
  const facts = { lease: { ...lease, ...more }, target: { address: "db:5432", ...more }, errorClass: "auth", ...more };
  await raise({ kind: "lease.attention", ...facts, reason: "r".repeat(2_000) });
  const [alert] = await claim();
  assert.equal(alert!.kind, "lease.attention");
  assert.deepEqual(alert!.facts, {
    lease,
    target: { address: "db:5432" },
    errorClass: "auth",
    reason: "r".repeat(1_000),
  });
});

test("a claimed alert is nobody else's until the claim lapses, and then it is due again", async () => {
  await raise();
  const [first] = await claim();
  assert.deepEqual(await claim(), []);
  await store.pool.query("update alerts set due_at = due_at - interval '31 seconds'");
  const [again] = await claim();
  assert.equal(again!.id, first!.id);
  assert.equal(again!.attempts, 2);
});

test("claims at once take each alert once", async () => {
  for (let n = 0; n < 20; n += 1) await raise();
  const claims = await Promise.all([claim(8), claim(8), claim(8), claim(8)]);
  const ids = claims.flat().map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test("who lost the claim cannot put off what another node holds", async () => {
  await raise();
  const [slept] = await claim();
  await store.pool.query("update alerts set due_at = lease_now()");
  await claim();
  await store.transaction((tx) => alerts.postpone(tx, slept!.id, slept!.fenceNo, 300));
  const { rows } = await store.pool.query("select due_at < now() + interval '1 minute' as held from alerts");
  assert.deepEqual(rows, [{ held: true }]);
});

test("what nobody took is kept for a day, and no longer", async () => {
  await raise();
  await raise({ kind: "target.up" });
  await store.pool.query("update alerts set raised_at = now() - interval '23 hours'");
  assert.equal(await store.transaction((tx) => alerts.forget(tx)), 0);
  await store.pool.query("update alerts set raised_at = now() - interval '25 hours' where kind = 'target.up'");
  assert.equal(await store.transaction((tx) => alerts.forget(tx)), 1);
  assert.equal(await alerts.waiting(store), 1);
});
