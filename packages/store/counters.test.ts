import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import * as counters from "./counters.ts";
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

/** A lease of new things, some of them shared with another. */
function lease(same: Partial<counters.Counted> = {}): counters.Counted {
  return {
    dynamic_secret_id: randomUUID(),
    project_id: randomUUID(),
    actor_type: "identity",
    actor_id: randomUUID(),
    ...same,
  };
}

const wide = { ofSecret: 1_000, ofHolder: 1_000, ofProject: 1_000 };

/** As a lease's first transaction does it: given up when there is no room. */
async function count(one: counters.Counted, limits: counters.Limits): Promise<counters.Full | undefined> {
  let full: counters.Full | undefined;
  const counting = store.transaction(async (tx) => {
    const { rows } = await counters.raising(one, limits).execute(tx.sql);
    full = counters.fullOf(
      one,
      limits,
      rows.map(({ scope }) => scope),
    );
    if (full) throw new Error("full");
  });
  await counting.catch((error) => {
    if (error.message !== "full") throw error;
  });
  return full;
}

async function live(scope: string): Promise<number> {
  const { rows } = await store.pool.query("select live from counters where scope = $1", [scope]);
  return rows[0]?.live ?? 0;
}

for (const scope of ["ofSecret", "ofHolder", "ofProject"] as const) {
  test(`R32: ${scope}: of 100 at once as many get in as there is room for, and the others leave no trace`, async () => {
    const { project_id, actor_id, actor_type, dynamic_secret_id } = lease();
    const shared = { ofSecret: { dynamic_secret_id }, ofHolder: { actor_type, actor_id }, ofProject: { project_id } };
    const mine = Array.from({ length: 100 }, () => lease(shared[scope]));
    const told = await Promise.all(mine.map((one) => count(one, { ...wide, [scope]: 40 })));
    assert.equal(told.filter((full) => full === undefined).length, 40);
    for (const full of told) if (full) assert.deepEqual(full, { scope, limit: 40 });
    for (const [at, one] of mine.entries()) {
      if (scope !== "ofProject") assert.equal(await live(`project:${one.project_id}`), told[at] ? 0 : 1);
    }
    const [counted] = mine.filter((_, at) => told[at] === undefined);
    await store.transaction((tx) => counters.lower(tx, counted!));
    assert.equal(await count(lease(shared[scope]), { ...wide, [scope]: 40 }), undefined, "room for one more");
    assert.deepEqual(await count(lease(shared[scope]), { ...wide, [scope]: 40 }), { scope, limit: 40 });
  });
}

test("R32: raising and lowering what overlaps in every way never waits in a circle, and counts right", async () => {
  const secrets = [randomUUID(), randomUUID()];
  const holders = [randomUUID(), randomUUID()];
  const projects = [randomUUID(), randomUUID()];
  const any = (ids: string[]) => ids[Math.floor(Math.random() * ids.length)]!;
  const kept: counters.Counted[] = [];
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let n = 0; n < 20; n += 1) {
        const one = lease({ dynamic_secret_id: any(secrets), actor_id: any(holders), project_id: any(projects) });
        assert.equal(await count(one, wide), undefined);
        if (n % 2) await store.transaction((tx) => counters.lower(tx, one));
        else kept.push(one);
      }
    }),
  );
  for (const id of projects) {
    assert.equal(await live(`project:${id}`), kept.filter((one) => one.project_id === id).length);
  }
});

test("a count that is off does not stand in the way of a proof", async () => {
  const one = lease();
  await count(one, wide);
  for (let n = 0; n < 3; n += 1) await store.transaction((tx) => counters.lower(tx, one));
  assert.equal(await live(`project:${one.project_id}`), 0);
});

test("R32: leases that lived before projects and identities were counted are counted by the migration", async () => {
  const place = await testPlace(store);
  const key = randomBytes(32);
  const secret = await testDynamicSecret(store, place, key);
  const rows = [];
  for (let n = 0; n < 3; n += 1) rows.push(await store.transaction((tx) => intended(tx, testIntent(secret, key))));
  await store.pool.query("delete from counters");
  const migration = await readFile(new URL("./migrations/0005-deleting.sql", import.meta.url), "utf8");
  await store.pool.query(migration.slice(migration.indexOf("insert into counters")));
  assert.equal(await live(`project:${place.projectId}`), 3);
  const holders = new Set(rows.map((row) => `${row.actor_type}:${row.actor_id}`));
  for (const holder of holders) {
    assert.equal(await live(holder), rows.filter((row) => holder.endsWith(row.actor_id)).length);
  }
});
