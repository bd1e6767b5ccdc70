import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { alerts } from "@dayfly/store";
import { RevocationPending } from "./errors.ts";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
before(async () => {
  all = await rig();
});
after(() => all.stop());

async function alertsOf(leaseId: string): Promise<alerts.Alert[]> {
  const { rows } = await all.store.pool.query("select kind, facts from alerts where facts->'lease'->>'id' = $1", [
    leaseId,
  ]);
  return rows.map(({ kind, facts }) => ({ kind, ...facts }));
}

test("a revocation that is overdue by five minutes is told once, with its lease, its target and a cleaned reason", async () => {
  const engine = all.engine();
  const { name } = await engine.create(all.caller(), all.place, all.draft(), plainly);
  const options = { ttlSeconds: null, config: {}, arrivedAt: performance.now() };
  const { lease, data } = await engine.issue(all.caller(), all.place, name, options);
  // A right that somebody else granted: the account cannot be dropped.
  await all.witness.query("create table theirs (id int)");
  await all.witness.query(`grant select on theirs to "${data.DB_USERNAME}"`);
  const revoke = () => engine.revoke(all.caller(), all.place, lease.id);
  await assert.rejects(revoke(), RevocationPending);
  assert.deepEqual(await alertsOf(lease.id), [], "not in its first minutes");

  await all.store.pool.query("update leases set revoking_at = revoking_at - interval '301 seconds' where id = $1", [
    lease.id,
  ]);
  engine.start();
  await until(async () => (await alertsOf(lease.id)).length > 0, "it is told");
  await assert.rejects(revoke(), RevocationPending);
  const told = await alertsOf(lease.id);
  assert.equal(told.length, 1);
  const [alert] = told;
  assert.equal(alert!.kind, "lease.attention");
  assert.equal(alert!.lease!.account, data.DB_USERNAME);
  assert.equal(alert!.target!.address, `${all.host}:${all.port}`);
  assert.equal(alert!.errorClass, "refused");
  assert.match(alert!.reason!, /REVOKE ALL ON TABLE public\.theirs/);
  assert.ok(!JSON.stringify(alert).includes(data.DB_PASSWORD!) && !JSON.stringify(alert).includes(all.admin.password));
  assert.equal((await all.events(lease.id)).filter((event) => event === "lease.attention").length, 1);

  await all.witness.query(`revoke all on table theirs from "${data.DB_USERNAME}"`);
  assert.ok((await revoke()).provenGoneAt);
});
