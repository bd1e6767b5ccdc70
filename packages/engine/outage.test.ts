import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Engine } from "./api.ts";
import { RevocationPending, TargetRefused } from "./errors.ts";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
let engine: Engine;
before(async () => {
  all = await rig();
  engine = all.engine();
});
after(() => all.stop());

const options = () => ({ ttlSeconds: null, config: {}, arrivedAt: performance.now() });

async function make(): Promise<string> {
  return (await engine.create(all.caller(), all.place, all.draft(), plainly)).name;
}

test("a create that the target refuses leaves no role, and its lease is proven gone", async () => {
  const name = await make();
  await all.witness.query(`alter role ${all.admin.user} nocreaterole`);
  await assert.rejects(engine.issue(all.caller(), all.place, name, options()), TargetRefused);
  await all.witness.query(`alter role ${all.admin.user} createrole`);
  const ended = () =>
    all.store.pool.query("select state from leases where state <> 'gone'").then((result) => result.rowCount === 0);
  await until(ended, "the refused create has ended");
  assert.deepEqual(await all.roles(), []);
});

test("R14: a revocation that the target refuses is an error for the caller, goes on, and ends when the admin may again", async () => {
  const name = await make();
  const { lease, data } = await engine.issue(all.caller(), all.place, name, options());
  await all.witness.query(`alter role ${all.admin.user} password 'changed'`);
  // Open sessions of the admin would go on; the first attempt has to log in anew.
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${all.admin.user}'`;
  await all.witness.query(cut);
  // What answered just now is taken as it is; a moment later it is asked whether it lives.
  await new Promise((settle) => setTimeout(settle, 300));
  await assert.rejects(engine.revoke(all.caller(), all.place, lease.id), (error: Error) => {
    assert.ok(error instanceof RevocationPending);
    assert.ok(error.retryAfter >= 1);
    assert.ok(!error.message.includes(all.admin.password));
    return true;
  });
  const { lease: now } = await engine.lease(all.place, lease.id);
  assert.equal(now.status, "Failed to delete");
  assert.ok(now.statusDetails);
  await (await all.login(data)).end();
  await all.witness.query(`alter role ${all.admin.user} password '${all.admin.password}'`);
  // The next try of a login that was refused is due after minutes.
  await assert.rejects(engine.revoke(all.caller(), all.place, lease.id), RevocationPending);
  await all.store.pool.query("update targets set probe_at = now() where opened_at is not null");
  const end = await engine.revoke(all.caller(), all.place, lease.id);
  assert.ok(end.provenGoneAt);
  await assert.rejects(all.login(data), { code: "28P01" });
  assert.deepEqual(await all.events(lease.id), [
    "lease.requested",
    "lease.issued",
    "lease.revoke-requested",
    "lease.revoke-failed",
    "lease.revoke-requested",
    "lease.revoke-requested",
    "lease.gone",
  ]);
});

test("R24: a lease ends with the statements it was made with, and with today's admin password", async () => {
  const name = await make();
  const { lease } = await engine.issue(all.caller(), all.place, name, options());
  await all.witness.query(`alter role ${all.admin.user} password 'rotated'`);
  await engine.update(all.caller(), all.place, name, { inputs: { password: "rotated" } }, "none");
  await all.witness.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${all.admin.user}'`);
  const end = await engine.revoke(all.caller(), all.place, lease.id);
  assert.ok(end.provenGoneAt);
  await all.witness.query(`alter role ${all.admin.user} password '${all.admin.password}'`);
});

test("R23: a name in use by somebody else is refused, and its holder is untouched", async () => {
  await all.witness.query("create role taken login password 'theirs'");
  const name = (
    await engine
      .create(all.caller(), all.place, all.draft({ usernameTemplate: "taken" }), plainly)
      .catch(() => undefined)
  )?.name;
  if (name) {
    const { data } = await engine.issue(all.caller(), all.place, name, options());
    assert.notEqual(data.DB_USERNAME, "taken", "a random tail was added");
    await engine.remove(all.caller(), all.place, name);
  }
  const { rows } = await all.witness.query("select 1 from pg_roles where rolname = 'taken' and rolcanlogin");
  assert.equal(rows.length, 1);
  await all.witness.query("drop role taken");
});

test("R13: deleting a dynamic secret ends all its leases, hides it at once and frees its name", async () => {
  const name = await make();
  const issued = [];
  for (let n = 0; n < 4; n += 1) issued.push(await engine.issue(all.caller(), all.place, name, options()));
  const removed = await engine.remove(all.caller(), all.place, name);
  assert.equal(removed.status, "Revocation in process");
  await assert.rejects(engine.get(all.place, name, "none"), { name: "NotFound" });
  await assert.rejects(engine.issue(all.caller(), all.place, name, options()), { name: "NotFound" });
  await engine.create(all.caller(), all.place, all.draft({ name }), plainly);
  engine.start();
  const left = () =>
    all.store.pool.query("select 1 from leases where state <> 'gone'").then((result) => result.rowCount === 0);
  await until(left, "all leases have ended");
  for (const { data } of issued) await assert.rejects(all.login(data), { code: "28P01" });
});

test("R10: rights that somebody else granted keep the account fenced, and the SQL to run is said", async () => {
  const name = await make();
  const { lease, data } = await engine.issue(all.caller(), all.place, name, options());
  await all.witness.query("create table if not exists theirs (id int)");
  await all.witness.query(`grant select on theirs to "${data.DB_USERNAME}"`);
  await assert.rejects(engine.revoke(all.caller(), all.place, lease.id), (error: Error) => {
    assert.ok(error instanceof RevocationPending);
    assert.match(error.message, /REVOKE ALL ON TABLE public\.theirs FROM/);
    return true;
  });
  await assert.rejects(all.login(data), { code: "28P01" }, "fenced: no login while it waits");
  const fix = /(REVOKE ALL ON TABLE [^;]+;)/.exec((await engine.lease(all.place, lease.id)).lease.statusDetails!)![1]!;
  await all.witness.query(fix);
  assert.ok((await engine.revoke(all.caller(), all.place, lease.id)).provenGoneAt);
});
