import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as folders from "./folders.ts";
import * as secrets from "./secrets.ts";
import type { Store } from "./store.ts";
import { testPlace } from "./testing/rows.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
let store: Store;
let home: { projectId: string; environmentId: string };
before(async () => {
  all = await stores();
  store = await all.open();
  home = await testPlace(store);
});
after(() => all?.stop());

const make = (path: string) => store.transaction((tx) => folders.ensure(tx, home, path));
const rename = (folder: folders.Folder, name: string) =>
  store.transaction((tx) => folders.update(tx, folder, { name }));
const paths = async () => {
  const root = await folders.byPath(store, home.environmentId, "/");
  return (await folders.list(store, root, true)).map(({ path }) => path);
};

test("a folder that is made below while its parent is renamed has the new path, or is not made", async () => {
  for (let round = 0; round < 10; round += 1) {
    const top = await make(`/race${round}`);
    await make(`/race${round}/child`);
    const made = Promise.allSettled(["a", "b", "c"].map((name) => make(`/race${round}/child/${name}`)));
    await Promise.all([made, rename(top, `moved${round}`)]);
    const stale = await store.pool.query(
      `select f.path from folders f join folders p on p.id = f.parent_id
       where f.path <> case p.path when '/' then '' else p.path end || '/' || f.name`,
    );
    assert.deepEqual(stale.rows, [], "every path is its parent's with the name");
  }
});

test("what was read before the folder moved writes nothing into it", async () => {
  const folder = await make("/before");
  await rename(folder, "after");
  await assert.rejects(
    store.transaction((tx) => secrets.create(tx, folder, "KEY", { value: "v" })),
    { name: "NotFound" },
  );
  await assert.rejects(rename(folder, "again"), { name: "NotFound" });
});

test("names that begin alike are not moved along, nor is another environment", async () => {
  const [one] = [await make("/x"), await make("/x/in"), await make("/xy"), await make("/x-y/in")];
  const other = await testPlace(store);
  const elsewhere = { projectId: other.projectId, environmentId: other.environmentId };
  await store.transaction((tx) => folders.ensure(tx, elsewhere, "/x/in"));
  await rename(one, "z");
  assert.deepEqual(
    (await paths()).filter((path) => /^\/[xz]/.test(path)),
    ["/x-y", "/x-y/in", "/xy", "/z", "/z/in"],
  );
  assert.ok(await folders.at(store, other.environmentId, "/x/in"));
});

test("a deleted folder's name is free for a renamed one", async () => {
  const gone = await make("/taken");
  await store.sql.updateTable("folders").set({ deleting: true }).where("id", "=", gone.id).execute();
  assert.equal((await rename(await make("/free"), "taken")).path, "/taken");
  await assert.rejects(rename(await make("/free"), "taken"), { name: "Duplicate" });
});
