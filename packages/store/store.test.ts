import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { ExpressionBuilder } from "kysely";
import pg from "pg";
import { Unavailable, WrongRootKey } from "./errors.ts";
import { openStore } from "./store.ts";
import { leaseReasons, leaseStates, type Tables } from "./tables.ts";
import { type Stores, stores, testRootKey } from "./testing/store.ts";

let all: Stores;
before(async () => {
  all = await stores();
});
after(() => all.stop());

async function digest(connection: pg.PoolConfig): Promise<string> {
  const client = new pg.Client(connection);
  await client.connect();
  const { rows: tables } = await client.query(
    "select table_name from information_schema.tables where table_schema = 'public' order by 1",
  );
  const hash = createHash("sha256");
  for (const { table_name } of tables) {
    const { rows } = await client.query(`select t::text as row from ${table_name} t order by 1`);
    hash.update(`${table_name}\n${rows.map((row) => row.row).join("\n")}`);
  }
  await client.end();
  return hash.digest("hex");
}

test("several nodes may open a new database at once", async () => {
  const connection = await all.database();
  const rootKey = testRootKey();
  const opened = await Promise.all([1, 2, 3, 4].map(() => openStore({ connection, rootKey, poolSize: 2 })));
  assert.equal(new Set(opened.map((store) => store.keys.instanceId)).size, 1);
  const field = { table: "t", column: "c", row: "r", project: randomUUID() };
  const sealed = await opened[0]!.keys.seal(field, "text");
  const text = await opened[3]!.keys.open(field, sealed);
  assert.equal(text.toString(), "text");
  for (const store of opened) await store.close();
});

test("K04: a wrong root key is refused and changes nothing", async () => {
  const connection = await all.database();
  await (await openStore({ connection, rootKey: testRootKey() })).close();
  const before = await digest(connection);
  await assert.rejects(openStore({ connection, rootKey: testRootKey() }), WrongRootKey);
  assert.equal(await digest(connection), before);
});

test("a migration that was changed after it had been applied stops the start", async () => {
  const connection = await all.database();
  const rootKey = testRootKey();
  const store = await openStore({ connection, rootKey });
  await store.pool.query("update migrations set checksum = '\\x00'");
  await store.close();
  await assert.rejects(openStore({ connection, rootKey }), /was changed after it had been applied/);
});

test("a database of a newer version is refused", async () => {
  const connection = await all.database();
  const rootKey = testRootKey();
  const store = await openStore({ connection, rootKey });
  await store.pool.query("insert into migrations (name, checksum) values ('9999-later.sql', '\\x00')");
  await store.close();
  await assert.rejects(openStore({ connection, rootKey }), /start the newer version/);
});

test("a transaction cut off by the database is Unavailable, and the process lives on", async () => {
  const store = await all.open();
  const cut = store.transaction(async (tx) => {
    const pid = (eb: ExpressionBuilder<Tables, never>) => eb.fn<number>("pg_backend_pid").as("pid");
    const self = await tx.sql.selectNoFrom(pid).executeTakeFirstOrThrow();
    await store.pool.query("select pg_terminate_backend($1)", [self.pid]);
    await tx.sql.selectFrom("projects").select("id").execute();
  });
  await assert.rejects(cut, Unavailable);
  assert.equal((await store.pool.query("select 1 as one")).rows[0].one, 1);
});

test("the states and reasons of a lease are those that the database allows", async () => {
  const store = await all.open();
  const { rows } = await store.pool.query<{ definition: string }>(
    "select pg_get_constraintdef(oid) as definition from pg_constraint where conrelid = 'leases'::regclass and contype = 'c'",
  );
  const allowed = rows.map((row) => row.definition).join(" ");
  for (const word of [...leaseStates, ...leaseReasons]) assert.ok(allowed.includes(`'${word}'`), word);
});
