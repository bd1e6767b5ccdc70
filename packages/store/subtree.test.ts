/** What is made in the moment in which something above it is deleted: it comes before and is hidden too, or it is not made. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { Tx } from "./db.ts";
import * as dynamicSecrets from "./dynamic-secrets.ts";
import * as environments from "./environments.ts";
import * as folders from "./folders.ts";
import type * as leases from "./leases.ts";
import * as memberships from "./memberships.ts";
import * as remains from "./remains.ts";
import * as revocations from "./revocations.ts";
import * as secrets from "./secrets.ts";
import type { Store } from "./store.ts";
import * as subtree from "./subtree.ts";
import { intended, testDynamicSecret, testIntent, testPlace } from "./testing/rows.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
let store: Store;
before(async () => {
  all = await stores();
  store = await all.open();
});
after(() => all.stop());

interface Scene {
  projectId: string;
  environmentId: string;
  /** `/a/b`, in which things are made. */
  folder: folders.Folder;
  top: folders.Folder;
  secret: dynamicSecrets.DynamicSecret;
  key: Buffer;
}

async function scene(): Promise<Scene> {
  const place = await testPlace(store);
  const folder = await store.transaction((tx) => folders.ensure(tx, place, "/a/b"));
  const top = await folders.byPath(store, place.environmentId, "/a");
  const key = randomBytes(32);
  const secret = await testDynamicSecret(store, { ...place, folderId: folder.id }, key);
  return { ...place, folder, top, secret, key };
}

/** What may be deleted above the place. */
const above: Record<string, (at: Scene) => subtree.Doomed> = {
  project: (at) => ({ project: at.projectId }),
  environment: (at) => ({ environment: at.environmentId }),
  folder: (at) => ({ folder: at.top.id }),
};

/** What may be made in it, and whether it is still to be seen. */
const makers: Record<string, { make(tx: Tx, at: Scene): Promise<{ id: string }>; live: string; only?: string }> = {
  folder: {
    make: (tx, at) => folders.create(tx, at, "/a/b/c/d", ""),
    live: "select 1 from folders where id = $1 and not deleting",
  },
  "static secret": {
    make: (tx, at) => secrets.create(tx, at.folder, "KEY", { value: "v" }),
    live: "select 1 from secrets s join folders f on f.id = s.folder_id where s.id = $1 and not f.deleting",
  },
  "dynamic secret": {
    make: (tx, at) => dynamicSecrets.insert(tx, draft(at)),
    live: "select 1 from dynamic_secrets where id = $1 and not deleting",
  },
  lease: {
    make: (tx, at) => intended(tx, testIntent(at.secret, at.key)),
    live: "select 1 from leases where id = $1 and state in ('intended', 'active')",
  },
  environment: {
    make: (tx, at) => environments.create(tx, at.projectId, { name: "QA", slug: "qa" }),
    live: "select 1 from environments where id = $1 and not deleting",
    only: "project",
  },
  member: {
    make: (tx, at) => memberships.create(tx, at.projectId, { type: "identity", id: randomUUID() }, [{ role: "admin" }]),
    live: "select 1 from memberships m join projects p on p.id = m.project_id where m.id = $1 and not p.deleting",
    only: "project",
  },
};

function draft(at: Scene): Parameters<typeof dynamicSecrets.insert>[1] {
  return {
    id: randomUUID(),
    project_id: at.projectId,
    environment_id: at.environmentId,
    folder_id: at.folder.id,
    name: "late",
    type: "sql-database",
    default_ttl: "1h",
    default_ttl_seconds: 3600,
    max_ttl: null,
    max_ttl_seconds: null,
    username_template: null,
    metadata: [],
  };
}

/** As a deletion does it, with its leases. */
async function remove(tx: Tx, what: subtree.Doomed): Promise<subtree.Hidden> {
  const hidden = await subtree.hide(tx, what, false);
  await revocations.cascade(tx, hidden.dynamicSecretIds, "tester");
  return hidden;
}

/** Waits until somebody waits for a lock. */
async function waiting(): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const { rows } = await store.pool.query("select 1 from pg_locks where not granted");
    if (rows.length > 0) return;
    await new Promise((settle) => setTimeout(settle, 10));
  }
  throw new Error("nobody waits");
}

for (const [level, doomed] of Object.entries(above)) {
  for (const [what, { make, live, only }] of Object.entries(makers)) {
    if (only !== undefined && only !== level) continue;

    test(`R13: a ${what} made before its ${level} is deleted is waited for, and hidden with it`, async () => {
      const at = await scene();
      let removing: Promise<unknown> | undefined;
      const made = await store.transaction(async (tx) => {
        const row = await make(tx, at);
        removing = store.transaction((other) => remove(other, doomed(at)));
        removing.catch(() => undefined);
        await waiting();
        return row;
      });
      await removing;
      assert.equal((await store.pool.query(live, [made.id])).rowCount, 0);
    });

    test(`R13: a ${what} made after its ${level} is deleted is not found a place for`, async () => {
      const at = await scene();
      let making: Promise<unknown> | undefined;
      await store.transaction(async (tx) => {
        await remove(tx, doomed(at));
        making = store.transaction((other) => make(other, at));
        making.catch(() => undefined);
        await waiting();
      });
      await assert.rejects(making!, { name: "NotFound" });
      // Later, a folder of the same name is another folder.
      if (what === "folder" && level === "folder") return;
      await assert.rejects(
        store.transaction((tx) => make(tx, at)),
        { name: "NotFound" },
      );
    });
  }

  test(`R13: a ${level} is hidden at once, its name is free, and it goes when nothing holds it`, async () => {
    const at = await scene();
    const held = await store.transaction((tx) => intended(tx, testIntent(at.secret, at.key, { lateSeconds: 0 })));
    const { dynamicSecretIds } = await store.transaction((tx) => remove(tx, doomed(at)));
    assert.deepEqual(dynamicSecretIds, [at.secret.id]);
    const count = async () =>
      (
        await store.pool.query("select count(*)::int as n from folders where project_id = $1 and deleting", [
          at.projectId,
        ])
      ).rows[0].n;
    await store.transaction((tx) => remains.clear(tx, at.projectId));
    assert.ok((await count()) > 0, "an account hangs on it");
    assert.equal(await folders.at(store, at.environmentId, "/a/b"), undefined);
    if (level === "folder") {
      const again = await store.transaction((tx) => folders.ensure(tx, at, "/a/b"));
      assert.notEqual(again.id, at.folder.id);
    }
    await end(held);
    await store.transaction((tx) => remains.clear(tx, at.projectId));
    assert.equal(await count(), 0);
    assert.equal((await dynamicSecrets.byId(store, at.secret.id)).folder_id, null, "its row stays as history");
  });
}

async function end({ id }: leases.Lease): Promise<void> {
  const proof = { how: "looked-up" as const, at: new Date().toISOString(), node: "n" };
  await store.transaction(async (tx) => {
    const claimed = await revocations.claimRevoking(tx, id);
    assert.ok(await revocations.finish(tx, id, claimed!.fence_no, { proof, killed: 0, fenced: false }));
  });
}

test("R13: deletions of one tree from several ends at once neither fail nor wait in a circle", async () => {
  for (let round = 0; round < 5; round += 1) {
    const at = await scene();
    for (let n = 0; n < 20; n += 1) await store.transaction((tx) => folders.ensure(tx, at, `/a/b/${n}/x`));
    const inner = await folders.byPath(store, at.environmentId, "/a/b/7");
    const tried = await Promise.allSettled([
      ...Object.values(above).map((doomed) => store.transaction((tx) => remove(tx, doomed(at)))),
      store.transaction((tx) => remove(tx, { folder: inner.id })),
      store.transaction((tx) => remove(tx, { dynamicSecret: at.secret.id })),
      ...Array.from({ length: 4 }, () => store.transaction((tx) => remains.clear(tx, at.projectId))),
    ]);
    for (const one of tried) {
      if (one.status === "rejected") assert.equal(one.reason.name, "NotFound", String(one.reason));
    }
    await store.transaction((tx) => remains.clear(tx, at.projectId));
    assert.equal((await store.pool.query("select 1 from projects where id = $1", [at.projectId])).rowCount, 0);
    assert.equal((await store.pool.query("select 1 from folders where project_id = $1", [at.projectId])).rowCount, 0);
  }
});

test("R13: the key of a deleted project goes with its last account, and not before", async () => {
  const at = await scene();
  const held = await store.transaction((tx) => intended(tx, testIntent(at.secret, at.key, { lateSeconds: 0 })));
  await store.transaction((tx) => remove(tx, { project: at.projectId }));
  await store.pool.query("update leases set left_behind_at = lease_now() where id = $1", [held.id]);
  const key = () => store.pool.query("select 1 from keys where owner_id = $1", [at.projectId]);
  await store.transaction((tx) => remains.clear(tx, at.projectId));
  assert.equal((await store.pool.query("select 1 from projects where id = $1", [at.projectId])).rowCount, 0);
  assert.equal((await key()).rowCount, 1, "what ends an account left behind is sealed with it");
  await end(held);
  await store.transaction((tx) => remains.clear(tx, at.projectId));
  assert.equal((await key()).rowCount, 0);
  const field = { table: "secrets", column: "value", row: "r", project: at.projectId };
  await assert.rejects(store.keys.open(field, Buffer.alloc(64, 1)), { name: "SealBroken" });
  assert.equal((await key()).rowCount, 0, "reading makes no new key");
});

test("a deleted dynamic secret goes with its configurations when the last of its leases has been forgotten", async () => {
  const at = await scene();
  await store.transaction((tx) => remove(tx, { folder: at.top.id }));
  await store.transaction((tx) => remains.clear(tx, at.projectId));
  while ((await store.transaction((tx) => remains.forget(tx))) > 0);
  await assert.rejects(dynamicSecrets.byId(store, at.secret.id), { name: "NotFound" });
});
