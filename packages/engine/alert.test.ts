import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { alerts } from "@dayfly/store";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";
import { openRelay, type Relay } from "./testing/relay.ts";

let all: Rig;
let relay: Relay;
before(async () => {
  all = await rig();
  relay = await openRelay(all);
});
after(async () => {
  await all.stop();
  await relay.close();
});

const options = () => ({ ttlSeconds: null, config: {}, arrivedAt: performance.now() });

async function told(kind: string): Promise<alerts.Alert[]> {
  const { rows } = await all.store.pool.query("select kind, facts from alerts where kind = $1", [kind]);
  return rows.map(({ kind, facts }) => ({ kind, ...facts }));
}

test("revocations overdue by five minutes are told once, one alert for all of a target, with a cleaned reason", async () => {
  const engine = all.engine();
  const { name } = await engine.create(all.caller(), all.place, all.draft(), plainly);
  const accounts: Record<string, string>[] = [];
  for (let n = 0; n < 3; n += 1) accounts.push((await engine.issue(all.caller(), all.place, name, options())).data);
  // A right that somebody else granted: the accounts cannot be dropped.
  await all.witness.query("create table theirs (id int)");
  for (const { DB_USERNAME } of accounts) await all.witness.query(`grant select on theirs to "${DB_USERNAME}"`);
  await all.store.pool.query("update leases set expires_at = now(), due_at = now()");
  engine.start();
  const waiting = async () =>
    (await all.store.pool.query("select 1 from leases where error is not null")).rowCount === 3;
  await until(waiting, "all were tried");
  assert.deepEqual(await told("lease.attention"), [], "not in their first minutes");

  await all.store.pool.query("update leases set revoking_at = revoking_at - interval '301 seconds'");
  await until(async () => (await told("lease.attention")).length > 0, "people are told");
  // Another look, and another attempt, tell nothing more.
  await all.store.pool.query("update leases set due_at = now()");
  const again = async () => (await all.store.pool.query("select 1 from leases where attempts > 1")).rowCount === 3;
  await until(again, "all were tried again");
  const [alert, ...more] = await told("lease.attention");
  assert.deepEqual(more, []);
  assert.equal(alert!.count, 3);
  assert.ok(accounts.some(({ DB_USERNAME }) => DB_USERNAME === alert!.lease!.account));
  assert.equal(alert!.target!.address, `${all.host}:${all.port}`);
  assert.equal(alert!.errorClass, "refused");
  assert.match(alert!.reason!, /REVOKE ALL ON TABLE public\.theirs/);
  for (const { DB_PASSWORD } of accounts) assert.ok(!JSON.stringify(alert).includes(DB_PASSWORD!));
  assert.ok(!JSON.stringify(alert).includes(all.admin.password));

  await all.witness.query("drop table theirs");
  await all.store.pool.query("update leases set due_at = now()");
  await until(async () => (await all.roles()).length === 0, "all are gone");
});

test("a target that goes down and comes back is told twice, and a refused admin by its name", async () => {
  const engine = all.engine();
  engine.start();
  const { name } = await engine.create(all.caller(), all.place, all.draft({}, { port: relay.port }), plainly);
  relay.cut();
  for (let n = 0; n < 3; n += 1) await assert.rejects(engine.issue(all.caller(), all.place, name, options()));
  await until(async () => (await told("target.down")).length === 1, "down is told");
  relay.mend();
  await all.store.pool.query("update targets set probe_at = now() where opened_at is not null");
  await engine.issue(all.caller(), all.place, name, options());
  await until(async () => (await told("target.up")).length === 1, "up is told");
  const [down] = await told("target.down");
  const [up] = await told("target.up");
  assert.deepEqual([down!.errorClass, typeof down!.reason], ["unreachable", "string"]);
  assert.deepEqual(up, { kind: "target.up", target: down!.target });
  assert.equal(down!.target!.account, undefined);

  await all.witness.query(`alter role ${all.admin.user} password 'changed'`);
  await all.witness.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${all.admin.user}'`);
  await assert.rejects(engine.issue(all.caller(), all.place, name, options()));
  await until(async () => (await told("target.down")).length === 2, "the refused login is told");
  const refused = (await told("target.down")).find(({ errorClass }) => errorClass === "auth")!;
  assert.equal(refused.target!.account, all.admin.user);
  assert.ok(!JSON.stringify(refused).includes(all.admin.password));
  await all.witness.query(`alter role ${all.admin.user} password '${all.admin.password}'`);
});
