import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { accountFor, STORE_UID } from "./account.ts";
import { startEmbedded } from "./index.ts";
import { postgresIn } from "./process.ts";
import { makeRoom } from "./testing/room.ts";

test("the store does not run where acknowledged work could be lost, and says which setting is wrong", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  const first = await startEmbedded({ dataDir });
  const admin = new pg.Client(first.connection);
  await admin.connect();
  await admin.query("alter role dayfly set synchronous_commit = off");
  await admin.end();
  await first.stop();
  const refused = (wrong: RegExp) =>
    assert.rejects(startEmbedded({ dataDir }), (error: Error) => {
      assert.equal(error.name, "NotDurable");
      assert.match(error.message, wrong);
      assert.deepEqual(postgresIn(dataDir, accountFor(dataDir, STORE_UID)), [], "no server is left running");
      return true;
    });
  await refused(/: synchronous_commit is off\. /);
  appendFileSync(join(dataDir, "postgresql.conf"), "fsync = off\n");
  await refused(/: fsync is off, synchronous_commit is off\. /);
  appendFileSync(join(dataDir, "postgresql.conf"), "full_page_writes = off\n");
  await refused(/: fsync is off, full_page_writes is off, synchronous_commit is off\. /);
});

test("what a killed start left half made is removed, and a whole cluster made", async (t) => {
  const room = await makeRoom(t);
  mkdirSync(join(room, "store.new-abcdef/cluster/base"), { recursive: true });
  const store = await startEmbedded({ dataDir: join(room, "store") });
  await store.stop();
  assert.deepEqual(readdirSync(room), ["store"]);
});

test("a folder that holds something else is left alone", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, "letters.txt"), "dear");
  await assert.rejects(startEmbedded({ dataDir }), /is not empty and holds no PostgreSQL cluster/);
  assert.deepEqual(readdirSync(dataDir), ["letters.txt"]);
});

test("a cluster of another major version is refused and left alone", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, "PG_VERSION"), "17\n");
  await assert.rejects(startEmbedded({ dataDir }), {
    name: "OtherVersion",
    message: /made by PostgreSQL 17.*brings PostgreSQL 18/,
  });
  assert.deepEqual(readdirSync(dataDir), ["PG_VERSION"]);
});

test("a start that fails can be tried again at once", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  await assert.rejects(startEmbedded({ dataDir, settings: { no_such_setting: "1" } }), /no_such_setting/);
  const store = await startEmbedded({ dataDir });
  assert.ok(existsSync(store.connection.host!));
  await store.stop();
});
