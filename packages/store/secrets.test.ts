import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as folders from "./folders.ts";
import { byPath } from "./folders.ts";
import * as memberships from "./memberships.ts";
import * as remains from "./remains.ts";
import * as overrides from "./secret-overrides.ts";
import * as versions from "./secret-versions.ts";
import * as secrets from "./secrets.ts";
import type { Store } from "./store.ts";
import * as subtree from "./subtree.ts";
import { testPlace } from "./testing/rows.ts";
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

const root = () => byPath(store, place.environmentId, "/");
const spot = (key: string) => ({ environment: "prod", path: "/", key });

async function make(key: string, value: string): Promise<secrets.Secret> {
  const folder = await root();
  return store.transaction((tx) => secrets.create(tx, folder, key, { value, comment: `why ${value}` }));
}

async function change(key: string, value: string): Promise<secrets.Secret> {
  const folder = await root();
  return store.transaction((tx) => secrets.update(tx, folder, key, { value }));
}

const past = (secret: secrets.Secret) => versions.list(store, secret, { limit: 100, offset: 0, withValue: true });

test("changes at once each count, and each keeps what the one before it wrote", async () => {
  const secret = await make("RACE", "0");
  await Promise.all(["1", "2", "3", "4", "5"].map((value) => change("RACE", value)));
  const now = await secrets.open(store, (await secrets.find(store, secret.id))!);
  assert.equal(now.version, 6);
  const before = await past(secret);
  assert.deepEqual(
    before.map(({ version }) => version),
    [5, 4, 3, 2, 1],
  );
  const values = [now.value, ...before.map(({ value }) => value)].sort();
  assert.deepEqual(values, ["0", "1", "2", "3", "4", "5"]);
  assert.equal(before.at(-1)!.value, "0");
});

test("K01: a sealed value moved between versions, into the secret or into an override does not open", async () => {
  const secret = await make("MOVED", "canary-one");
  await change("MOVED", "canary-two");
  await change("MOVED", "canary-three");
  const owner = "identity:somebody";
  await store.transaction((tx) => overrides.create(tx, { secret, owner }, { value: "canary-own" }));
  const old = "select value from secret_versions where secret_id = $1 and version = 1";
  for (const [moving, reading] of [
    [`update secret_versions set value = (${old}) where secret_id = $1 and version = 2`, () => past(secret)],
    [
      `update secrets set value = (${old}) where id = $1`,
      async () => secrets.open(store, (await secrets.find(store, secret.id))!),
    ],
    [
      `update secret_overrides set value = (${old}) where secret_id = $1`,
      () => overrides.of(store, [secret.id], owner, true),
    ],
  ] as const) {
    await store.pool.query(moving, [secret.id]);
    await assert.rejects(reading(), { name: "SealBroken" }, moving);
  }
  for (const table of ["secrets", "secret_versions", "secret_overrides"]) {
    const { rows } = await store.pool.query(`select t::text as text from ${table} t`);
    const text = JSON.stringify(rows);
    assert.ok(!text.includes("canary-") && !text.includes(Buffer.from("canary-").toString("hex")), table);
  }
});

test("many places are looked up at once, and only those that are there are found", async () => {
  await make("ONE", "1");
  await make("TWO", "2");
  const wanted = ["ONE", "TWO", "THREE", "one"].map(spot);
  const found = await secrets.atAll(store, place.projectId, [...wanted, { ...spot("ONE"), environment: "dev" }]);
  assert.deepEqual(found.map(({ key }) => key).sort(), ["ONE", "TWO"]);
  const elsewhere = await testPlace(store);
  assert.deepEqual(await secrets.atAll(store, elsewhere.projectId, wanted), []);
  assert.equal(await secrets.at(store, elsewhere.projectId, spot("ONE")), undefined);
});

test("a secret in a folder that is being deleted is not there any more, by no way", async () => {
  const home = { projectId: place.projectId, environmentId: place.environmentId };
  const folder = await store.transaction((tx) => folders.ensure(tx, home, "/doomed"));
  const secret = await store.transaction((tx) => secrets.create(tx, folder, "KEY", { value: "v" }));
  await store.transaction((tx) => subtree.hide(tx, { folder: folder.id }, false));
  assert.equal(await secrets.find(store, secret.id), undefined);
  assert.equal(await secrets.at(store, place.projectId, { ...spot("KEY"), path: "/doomed" }), undefined);
  assert.deepEqual(await secrets.inFolders(store, [folder.id]), []);
});

test("with its project go a secret's versions and overrides, and the key that could open them", async () => {
  const doomed = await testPlace(store);
  const folder = await byPath(store, doomed.environmentId, "/");
  const secret = await store.transaction((tx) => secrets.create(tx, folder, "KEY", { value: "v" }));
  await store.transaction((tx) => secrets.update(tx, folder, "KEY", { value: "w" }));
  await store.transaction((tx) => overrides.create(tx, { secret, owner: "user:x" }, { value: "own" }));
  const stolen = await store.pool.query("select value from secret_versions where secret_id = $1", [secret.id]);
  await store.transaction((tx) => subtree.hide(tx, { project: doomed.projectId }, false));
  await store.transaction((tx) => remains.clear(tx, doomed.projectId));
  for (const table of ["secret_versions", "secret_overrides"]) {
    const { rows } = await store.pool.query(`select 1 from ${table} where secret_id = $1`, [secret.id]);
    assert.equal(rows.length, 0, table);
  }
  const field = { table: "secret_versions", column: "value", row: `${secret.id}:1`, project: doomed.projectId };
  await assert.rejects(store.keys.open(field, stolen.rows[0].value), { name: "SealBroken" });
});

test("somebody who is gone for good leaves no override anywhere", async () => {
  const secret = await make("LEFT", "v");
  const actor = { type: "identity", id: crypto.randomUUID() } as const;
  const owner = `identity:${actor.id}`;
  await store.transaction((tx) => overrides.create(tx, { secret, owner }, { value: "own" }));
  await store.transaction((tx) => memberships.removeAll(tx, actor));
  assert.equal((await overrides.of(store, [secret.id], owner, true)).size, 0);
});
