import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import * as backlog from "./backlog.ts";
import type { Store } from "./store.ts";
import { intended, testDynamicSecret, testIntent, testPlace } from "./testing/rows.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
let store: Store;
before(async () => {
  all = await stores();
  store = await all.open();
});
after(() => all.stop());

const run = (text: string) => store.pool.query(text);

test("an empty store has no backlog", async () => {
  const none = { active: 0, pending: 0, fenced: 0, leftBehind: 0, oldestSeconds: 0 };
  assert.deepEqual(await backlog.measure(store), none);
});

test("what lives, what is ending and what is overdue are told apart", async () => {
  const place = await testPlace(store);
  for (let n = 0; n < 5; n += 1) {
    const key = randomBytes(32);
    const secret = await testDynamicSecret(store, place, key);
    await store.single((db) => intended(db, testIntent(secret, key)));
  }
  await run("update leases set state = 'active', late_until = now(), due_at = expires_at");
  assert.deepEqual(await backlog.measure(store), { active: 5, pending: 0, fenced: 0, leftBehind: 0, oldestSeconds: 0 });

  const picked = (offset: number) => `id = (select id from leases order by id offset ${offset} limit 1)`;
  const revoking = "state = 'revoking', reason = 'expired', revoking_at = now() - interval";
  await run(`update leases set ${revoking} '10 seconds', due_at = now() + interval '1 hour' where ${picked(0)}`);
  await run(`update leases set ${revoking} '400 seconds', attention_at = now(), fenced_at = now(),
    left_behind_at = now(), due_at = now() + interval '1 hour', late_until = now() - interval '1 day' where ${picked(1)}`);
  const found = await backlog.measure(store);
  assert.deepEqual(
    { ...found, oldestSeconds: 400 },
    { active: 3, pending: 2, fenced: 1, leftBehind: 1, oldestSeconds: 400 },
  );
  assert.ok(Math.abs(found.oldestSeconds - 400) < 5, String(found.oldestSeconds));

  // A failed create that could still land is not late before it can no more.
  await run(`update leases set late_until = now() + interval '10 seconds' where state = 'revoking'`);
  assert.equal((await backlog.measure(store)).oldestSeconds, 0);
  // Nobody has claimed what is due: the sweeper is late.
  await run(`update leases set due_at = now() - interval '70 seconds' where ${picked(4)}`);
  assert.ok(Math.abs((await backlog.measure(store)).oldestSeconds - 70) < 5);
});
