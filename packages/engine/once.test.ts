/** What a create and a renewal under an Idempotency-Key come to when they are asked for again. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { type Caller, idempotencyKeys, memberships } from "@dayfly/store";
import type { Engine, IssuedLease, IssueOptions } from "./api.ts";
import { InvalidInputs, NotFound, RepeatConflict, RuleBroken, TargetRefused } from "./errors.ts";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
let engine: Engine;
let name: string;
let caller: Caller;
before(async () => {
  all = await rig();
  engine = all.engine();
  engine.start();
  name = (await engine.create(all.caller(), all.place, all.draft(), plainly)).name;
  caller = all.caller();
});
after(() => all.stop());

/** A create under a key, by whatever node; each try is a request of its own. */
async function issue(
  idempotencyKey: string,
  by = engine,
  change: Partial<IssueOptions> = {},
  secret = name,
): Promise<IssuedLease> {
  // What came before and what came later is told apart by a clock that two machines share, to the millisecond or so.
  await new Promise((settle) => setTimeout(settle, 25));
  const options = { ttlSeconds: null, config: {}, arrivedAt: performance.now(), idempotencyKey, ...change };
  return by.issue({ ...caller, requestId: randomUUID() }, all.place, secret, options);
}

function row(id: string): Promise<Record<string, unknown>> {
  return all.store.pool.query("select * from leases where id = $1", [id]).then((result) => result.rows[0]);
}

const gone = (id: string) => until(async () => (await row(id)).state === "gone", "the lease ends");

/** Every lease of this file that stands, and every role: they have to be the same. */
async function onlyThese(...live: IssuedLease[]): Promise<void> {
  // A create that was overtaken could still land; its end does not wait for that here.
  await all.store.pool.query(
    "update leases set late_until = least(late_until, lease_now()), due_at = least(due_at, lease_now()) where state = 'revoking'",
  );
  const names = live.map(({ data }) => data.DB_USERNAME!).sort();
  await until(async () => {
    const { rows } = await all.store.pool.query("select username from leases where state <> 'gone' order by 1");
    return rows.length === names.length;
  }, "what was not answered ends");
  assert.deepEqual(await all.roles(), names);
  for (const { data } of live) await (await all.login(data)).end();
  for (const { lease } of live) await engine.revoke(all.caller(), all.place, lease.id);
}

test("a repeated create takes the place of the first, which ends; both are linked", async () => {
  const first = await issue("again");
  const second = await issue("again");
  assert.notEqual(second.lease.id, first.lease.id);
  await gone(first.lease.id);
  const [old, now] = [await row(first.lease.id), await row(second.lease.id)];
  assert.deepEqual([old.reason, old.replaced_by], ["replaced", second.lease.id]);
  assert.deepEqual([now.state, now.replaces], ["active", first.lease.id]);
  await assert.rejects(all.login(first.data), { code: "28P01" });
  assert.deepEqual(await all.events(first.lease.id), [
    "lease.requested",
    "lease.issued",
    "lease.revoke-requested",
    "lease.gone",
  ]);
  const third = await issue("again");
  assert.equal((await row(second.lease.id)).reason, "replaced");
  await onlyThese(third);
});

test("another request under the same key is refused, and the first stays", async () => {
  const first = await issue("body", engine, { config: { a: 1, b: { c: 2, d: 3 } } });
  for (const change of [{ ttlSeconds: 60 }, { config: { a: 2 } }, { wait: "login" as const }]) {
    await assert.rejects(issue("body", engine, change), (error: Error) => {
      assert.ok(error instanceof InvalidInputs);
      assert.deepEqual(error.issues[0]!.path, ["Idempotency-Key"]);
      return true;
    });
  }
  await assert.rejects(engine.renew(caller, all.place, first.lease.id, 60, "body"), InvalidInputs);
  assert.equal((await row(first.lease.id)).state, "active");
  // The order of fields is no difference.
  const second = await issue("body", engine, { config: { b: { d: 3, c: 2 }, a: 1 } });
  await onlyThese(second);
});

test("a key is its caller's own", async () => {
  const first = await issue("mine");
  const stranger = { type: "user" as const, id: randomUUID() };
  await all.store.transaction((tx) => memberships.create(tx, all.place.projectId, stranger, [{ role: "admin" }]));
  const other = { ...all.caller(), actor: { ...stranger, name: "somebody" } };
  const options = { ttlSeconds: null, config: {}, arrivedAt: performance.now(), idempotencyKey: "mine" };
  const theirs = await engine.issue(other, all.place, name, options);
  await onlyThese(first, theirs);
});

test("of many at once under one key, over two nodes, one is answered and one lease is live", async () => {
  const nodes = [engine, all.engine()];
  for (let round = 0; round < 3; round += 1) {
    const tries = await Promise.allSettled(
      Array.from({ length: 6 }, (_, at) => issue(`storm-${round}`, nodes[at % 2])),
    );
    const answered = tries.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    assert.equal(answered.length, 1);
    for (const one of tries) if (one.status === "rejected") assert.ok(one.reason instanceof RepeatConflict, one.reason);
    await onlyThese(answered[0]!);
  }
});

test("of many repeats at once one takes the place of the first", async () => {
  await issue("late storm");
  const nodes = [engine, all.engine()];
  const tries = await Promise.allSettled(Array.from({ length: 6 }, (_, at) => issue("late storm", nodes[at % 2])));
  const answered = tries.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  assert.equal(answered.length, 1);
  await onlyThese(answered[0]!);
});

test("a repeat waits for the first, and makes the lease when nobody took the first one's answer", async () => {
  const { engine: node, there, letGo } = all.stopping("create.done");
  const first = issue("left", node);
  await there;
  const second = issue("left");
  await new Promise((settle) => setTimeout(settle, 300));
  const { rows } = await all.store.pool.query("select 1 from leases where state = 'intended'");
  assert.equal(rows.length, 1, "it has begun nothing of its own");
  letGo();
  const { lease } = await first;
  await node.undelivered(all.caller(), lease.id);
  const answered = await second;
  await gone(lease.id);
  assert.equal((await row(lease.id)).replaced_by, answered.lease.id);
  await onlyThese(answered);
});

test("a first one that dies on its way is overtaken: its repeat is answered within its own time", async () => {
  const { engine: node, there, letGo } = all.stopping("create.done");
  const first = issue("dead", node);
  await there;
  const settings = { createLimitMs: 2_000 };
  const survivor = all.engine({ settings });
  const answered = await issue("dead", survivor);
  // It was only asleep.
  letGo();
  await assert.rejects(first, RepeatConflict);
  await onlyThese(answered);
});

test("R02: after a crash between T2 and the answer the same key takes the lost lease's place", async () => {
  const { engine: node, there } = all.stopping("t2.committed");
  void issue("lost", node).catch(() => undefined);
  await there;
  const answered = await issue("lost");
  assert.ok((await row(answered.lease.id)).replaces);
  await onlyThese(answered);
});

test("a repeat that fails leaves the first alive, and the next one takes its place", async () => {
  const first = await issue("stays");
  const { engine: node, there, letGo } = all.stopping("t1.committed");
  const failing = issue("stays", node);
  await there;
  await all.witness.query(`alter role ${all.admin.user} nocreaterole`);
  letGo();
  await assert.rejects(failing, TargetRefused);
  await all.witness.query(`alter role ${all.admin.user} createrole`);
  assert.equal((await row(first.lease.id)).state, "active");
  const next = await issue("stays");
  assert.equal((await row(next.lease.id)).replaces, first.lease.id);
  await gone(first.lease.id);
  await onlyThese(next);
});

test("a create that the target refused is tried again under its key", async () => {
  await all.witness.query(`alter role ${all.admin.user} nocreaterole`);
  await assert.rejects(issue("refused"), TargetRefused);
  await all.witness.query(`alter role ${all.admin.user} createrole`);
  const answered = await issue("refused");
  assert.equal((await row(answered.lease.id)).replaces, null, "nobody had the first");
  await onlyThese(answered);
});

test("a name that is in use is chosen anew under the same key", async () => {
  const draft = all.draft({ usernameTemplate: "once-{{random 1}}" });
  const few = (await engine.create(all.caller(), all.place, draft, plainly)).name;
  const made: IssuedLease[] = [];
  for (let at = 0; made.length < 12 && at < 200; at += 1) {
    await issue(`name-${at}`, engine, {}, few).then(
      (one) => made.push(one),
      (error) => assert.ok(error instanceof RuleBroken, error),
    );
  }
  assert.equal(made.length, 12);
  await onlyThese(...made);
});

test("a key is free again after a day, and forgotten", async () => {
  const first = await issue("yesterday");
  await all.store.pool.query("update idempotency_keys set used_at = used_at - interval '25 hours'");
  const second = await issue("yesterday", engine, { ttlSeconds: 60 });
  assert.equal((await row(first.lease.id)).state, "active", "they have nothing to do with each other");
  await all.store.pool.query("update idempotency_keys set used_at = used_at - interval '25 hours'");
  while ((await all.store.transaction((tx) => idempotencyKeys.forget(tx))) > 0);
  const { rows } = await all.store.pool.query("select 1 from idempotency_keys");
  assert.equal(rows.length, 0);
  await onlyThese(first, second);
});

test("a renewal under a key adds once, however often it is asked for", async () => {
  const first = await issue("renewed");
  const { id, expireAt } = first.lease;
  const renew = (by = engine) => by.renew(caller, all.place, id, 7_200, "renewal");
  const added = expireAt.getTime() + 7_200_000;
  assert.equal((await renew()).expireAt.getTime(), added);
  // The ceiling leaves no room for a second time.
  assert.equal((await renew()).expireAt.getTime(), added);
  assert.equal((await row(id)).expires_at?.valueOf(), added);
  await assert.rejects(engine.renew(caller, all.place, id, 60, "renewal"), InvalidInputs);
  await assert.rejects(issue("renewal"), InvalidInputs);
  await engine.revoke(all.caller(), all.place, id);
  await assert.rejects(renew(), NotFound);
});

test("of many renewals at once under one key, over two nodes, each hears of the one that was made", async () => {
  const first = await issue("renewed at once", engine, { ttlSeconds: 3_600 });
  const { id, expireAt } = first.lease;
  const nodes = [engine, all.engine()];
  const ends = await Promise.all(
    Array.from({ length: 6 }, (_, at) => nodes[at % 2]!.renew(caller, all.place, id, 60, "renewal at once")),
  );
  for (const end of ends) assert.equal(end.expireAt.getTime(), expireAt.getTime() + 60_000);
  assert.equal((await row(id)).expires_at?.valueOf(), expireAt.getTime() + 60_000);
  // Nobody keeps the turn.
  await engine.renew(caller, all.place, id, 60, "another renewal");
  await onlyThese(first);
});

test("R02: killed at renew.committed, the repeat hears of the renewal and adds nothing", async () => {
  const first = await issue("renewal lost", engine, { ttlSeconds: 3_600 });
  const { engine: node, there } = all.stopping("renew.committed");
  void node.renew(caller, all.place, first.lease.id, 60, "lost renewal").catch(() => undefined);
  await there;
  const { expireAt } = await engine.renew(caller, all.place, first.lease.id, 60, "lost renewal");
  assert.equal(expireAt.getTime(), first.lease.expireAt.getTime() + 60_000);
  await onlyThese(first);
});
