/**
 * A crash at each named point: the call stops there for ever, as if the process had died; another engine on the same
 * store, and time moved on by backdating rows, have to bring everything to its end.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Engine, StepPoint } from "./api.ts";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
let survivor: Engine;
let name: string;
before(async () => {
  all = await rig();
  survivor = all.engine();
  name = (await survivor.create(all.caller(), all.place, all.draft(), plainly)).name;
});
after(() => all.stop());

/** An engine that stops for ever at `point`, and a promise that it got there. */
function dying(point: StepPoint): { engine: Engine; dead: Promise<void> } {
  let reached: () => void;
  const dead = new Promise<void>((settle) => {
    reached = settle;
  });
  const step = (at: StepPoint) => {
    if (at !== point) return undefined;
    reached();
    return new Promise<void>(() => undefined);
  };
  return { engine: all.engine({ step }), dead };
}

const options = () => ({ ttlSeconds: null, config: {}, arrivedAt: performance.now() });

async function row(id: string): Promise<{ expires_at: Date; renew_from: Date | null }> {
  return (await all.store.pool.query("select expires_at, renew_from from leases where id = $1", [id])).rows[0];
}

/** The end that the target keeps itself. */
async function nativeEnd(role: string): Promise<Date> {
  return (await all.witness.query("select rolvaliduntil from pg_roles where rolname = $1", [role])).rows[0]
    .rolvaliduntil;
}

/** Whether the target still works on something that a dead node had sent. */
async function atRest(): Promise<boolean> {
  const { rows } = await all.witness.query(
    "select count(*)::int as n from pg_stat_activity where usename = $1 and state <> 'idle'",
    [all.admin.user],
  );
  return rows[0].n === 0;
}

/**
 * Time passes: what a dead node had claimed or promised falls due. The target's own clock cannot be moved on, so what had
 * been sent is waited for: a create past its deadline is refused there, one before it has landed by then.
 */
async function later(): Promise<void> {
  await until(atRest, "the target is at rest");
  await all.store.pool.query(`update leases set answer_by = answer_by - interval '10 min',
    late_until = least(late_until, lease_now()), due_at = least(due_at, lease_now())
    where state in ('intended', 'revoking')`);
}

async function settled(): Promise<boolean> {
  const { rows } = await all.store.pool.query(
    "select count(*)::int as n from leases where state in ('intended', 'revoking') or due_at <= lease_now()",
  );
  return rows[0].n === 0;
}

/** The next start. */
async function nobodyOwns(): Promise<void> {
  await later();
  const next = all.engine();
  next.start();
  await until(settled, "every intent and revocation has ended");
  await next.stop();
  const { rows } = await all.store.pool.query("select username from leases where state <> 'gone'");
  assert.deepEqual(await all.roles(), rows.map((row) => row.username).sort(), "no role without a live lease");
}

for (const point of ["t1.before", "t1.committed", "create.sent", "create.done", "ready.done"] as const) {
  test(`R02: killed at ${point}, nothing outlives it`, async () => {
    const { engine, dead } = dying(point);
    void engine.issue(all.caller(), all.place, name, options()).catch(() => undefined);
    await dead;
    await nobodyOwns();
  });
}

test("R02: killed at t2.committed, the lease is known and ends at its expiry", async () => {
  const { engine, dead } = dying("t2.committed");
  void engine.issue(all.caller(), all.place, name, options()).catch(() => undefined);
  await dead;
  const live = await survivor.leases(all.place, name);
  assert.equal(live.length, 1);
  await all.store.pool.query("update leases set expires_at = lease_now(), due_at = lease_now() where state = 'active'");
  await nobodyOwns();
  assert.deepEqual(await all.roles(), []);
});

for (const point of ["renew.intended", "renew.moved", "renew.committed"] as const) {
  test(`R02: killed at ${point}, the lease covers what the target allows, and the renewal is finished`, async () => {
    const { lease, data } = await survivor.issue(all.caller(), all.place, name, options());
    const { engine, dead } = dying(point);
    void engine.renew(all.caller(), all.place, lease.id, 60).catch(() => undefined);
    await dead;
    const { expires_at } = await row(lease.id);
    assert.equal(expires_at.getTime(), lease.expireAt.getTime() + 60_000);
    const slack = async () => (await nativeEnd(data.DB_USERNAME!)).getTime() - expires_at.getTime();
    assert.ok((await slack()) < 5_000, "no login is let in later than five seconds after the lease");
    await all.store.pool.query("update leases set due_at = lease_now() where renew_from is not null");
    const next = all.engine();
    next.start();
    await until(async () => (await row(lease.id)).renew_from === null, "the renewal is finished");
    await next.stop();
    assert.ok((await slack()) > 4_000, "the account lives as long as its lease");
    assert.equal((await row(lease.id)).expires_at.getTime(), expires_at.getTime());
    assert.equal((await all.events(lease.id)).filter((event) => event === "lease.renewed").length, 1);
    await (await all.login(data)).end();
    await survivor.revoke(all.caller(), all.place, lease.id);
    await nobodyOwns();
  });
}

for (const point of [
  "revoke.committed",
  "revoke.fenced",
  "revoke.killed",
  "revoke.stated",
  "revoke.dropped",
  "revoke.proved",
  "gone.committed",
] as const) {
  test(`R02: killed at ${point}, the revocation is finished by the next node`, async () => {
    const { lease, data } = await survivor.issue(all.caller(), all.place, name, options());
    const { engine, dead } = dying(point);
    void engine.revoke(all.caller(), all.place, lease.id).catch(() => undefined);
    await dead;
    await nobodyOwns();
    await assert.rejects(all.login(data), { code: "28P01" });
    assert.equal((await all.events(lease.id)).filter((event) => event === "lease.gone").length, 1);
  });
}
