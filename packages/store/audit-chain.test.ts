import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { append, recorded } from "./audit.ts";
import { keepSealing, sealAudit, verifyAudit, verifyAuditTail } from "./audit-chain.ts";
import type { Store } from "./store.ts";
import { testCaller } from "./testing/rows.ts";
import { type Stores, stores } from "./testing/store.ts";

let all: Stores;
before(async () => {
  all = await stores();
});
after(() => all.stop());

async function withRows(count: number): Promise<Store> {
  const store = await all.open();
  for (let row = 0; row < count; row += 1) {
    await store.transaction((tx) => append(tx, testCaller(), { event: "get-secret", name: `n${row}` }));
  }
  assert.equal(await sealAudit(store, "node"), count);
  return store;
}

async function tampered(statement: string): Promise<{ ok: boolean; firstBreak: { what: string } | null }> {
  const store = await withRows(5);
  await store.pool.query(statement);
  return verifyAudit(store);
}

test("rows are linked in order and verify", async () => {
  const store = await withRows(5);
  assert.deepEqual(
    { ...(await verifyAudit(store)), head: null },
    { ok: true, rows: 5, unlinked: 0, head: null, firstBreak: null },
  );
  assert.equal((await verifyAuditTail(store, 2)).rows, 2);
});

test("A02: every single changed byte of a row is found", async () => {
  const store = await withRows(2);
  const { rows } = await store.pool.query("select id, body from audit_events order by txid limit 1");
  const { id, body } = rows[0];
  for (let at = 0; at < body.length; at += 1) {
    const changed = body.slice(0, at) + (body[at] === "x" ? "y" : "x") + body.slice(at + 1);
    await store.pool.query("update audit_events set body = $2 where id = $1", [id, changed]);
    assert.equal((await verifyAudit(store)).ok, false, `byte ${at}`);
  }
  await store.pool.query("update audit_events set body = $2 where id = $1", [id, body]);
  assert.equal((await verifyAudit(store)).ok, true);
});

test("A02: a deleted row, a deleted link, swapped rows and an inserted row are found", async () => {
  const second = "(select event_id from audit_links where sequence = 2)";
  assert.match((await tampered(`delete from audit_events where id = ${second}`)).firstBreak!.what, /deleted/);
  assert.match((await tampered("delete from audit_links where sequence = 2")).firstBreak!.what, /missing/);
  const swap = await tampered(`update audit_links set sequence = 103 - sequence where sequence <= 2;
    update audit_links set sequence = sequence - 100 where sequence > 100`);
  assert.equal(swap.ok, false);
  const forged = await tampered(
    "insert into audit_events (id, body, mac) select gen_random_uuid(), body, mac from audit_events limit 1",
  );
  assert.equal(forged.ok, false);
});

test("a row that is not yet linked is protected against change", async () => {
  const store = await withRows(1);
  await store.transaction((tx) => append(tx, testCaller(), { event: "get-secret" }));
  assert.deepEqual((await verifyAudit(store)).unlinked, 1);
  await store.pool.query("update audit_events set body = replace(body, 'get', 'set')");
  assert.equal((await verifyAudit(store)).ok, false);
});

test("a row of a transaction that still runs is never passed over", async () => {
  const store = await withRows(1);
  let let_: () => void = () => {};
  const held = new Promise<void>((settle) => {
    let_ = settle;
  });
  let written: () => void = () => {};
  const inserted = new Promise<void>((settle) => {
    written = settle;
  });
  const slow = store.transaction(async (tx) => {
    await append(tx, testCaller(), { event: "slow" });
    written();
    await held;
  });
  await inserted;
  await store.transaction((tx) => append(tx, testCaller(), { event: "quick" }));
  assert.equal(await sealAudit(store, "node"), 0, "the quick row waits behind the slow one");
  let_();
  await slow;
  assert.equal(await sealAudit(store, "node"), 2);
  assert.equal((await verifyAudit(store)).rows, 3);
});

test("one node seals at a time", async () => {
  const store = await withRows(1);
  await store.transaction((tx) => append(tx, testCaller(), { event: "x" }));
  assert.equal(await sealAudit(store, "other"), 0);
  await store.pool.query("update writers set until = now() - interval '1 s'");
  assert.equal(await sealAudit(store, "other"), 1);
});

test("a sealer that stops lets the next one begin at once", async () => {
  const store = await all.open();
  const told: unknown[] = [];
  await keepSealing(store, "one", (error) => told.push(error)).stop();
  await store.transaction((tx) => append(tx, testCaller(), { event: "get-secret", name: "late" }));
  assert.equal(await sealAudit(store, "another"), 1);
  assert.deepEqual(told, []);
});

test("a caller's rows count only once they are durable", async () => {
  const store = await all.open();
  const caller = testCaller();
  await assert.rejects(
    store.transaction(async (tx) => {
      await append(tx, caller, { event: "x" });
      throw new Error("no");
    }),
    /no/,
  );
  assert.equal(recorded(caller), 0);
  await store.transaction((tx) => append(tx, caller, { event: "x" }));
  assert.equal(recorded(caller), 1);
});

test("A06: no name breaks a row", async () => {
  const store = await all.open();
  const nasty = ["\u0000", "\r\n{}", "\u001b[31m", '"', "\ud800", "💥", "x".repeat(10_000)];
  for (const name of nasty) await store.transaction((tx) => append(tx, testCaller(name), { event: "x", name }));
  const { rows } = await store.pool.query("select body from audit_events");
  assert.equal(rows.length, nasty.length);
  for (const { body } of rows) JSON.parse(body);
  assert.equal((await verifyAudit(store)).ok, true);
});
