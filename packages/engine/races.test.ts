/** What happens at the same moment, or while something of our own is in the way. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { revocations } from "@dayfly/store";
import type { Engine, IssuedLease, StepPoint } from "./api.ts";
import { RenewConflict, RevocationPending, TargetRefused } from "./errors.ts";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
let engine: Engine;
before(async () => {
  all = await rig();
  engine = all.engine();
});
after(() => all.stop());

async function make(): Promise<string> {
  return (await engine.create(all.caller(), all.place, all.draft(), plainly)).name;
}

function issue(secret: string, ttlSeconds: number | null = null, by = engine): Promise<IssuedLease> {
  return by.issue(all.caller(), all.place, secret, { ttlSeconds, config: {}, arrivedAt: performance.now() });
}

function row(id: string): Promise<Record<string, unknown>> {
  return all.store.pool.query("select * from leases where id = $1", [id]).then((result) => result.rows[0]);
}

const pause = (ms: number) => new Promise<void>((settle) => setTimeout(settle, ms));

/** Makes the database refuse the audit row of one event, until it is asked to stop. */
async function refusing(event: string): Promise<() => Promise<unknown>> {
  await all.store.pool.query(`create or replace function refuse() returns trigger language plpgsql as $$
    begin if position('"event":"${event}"' in new.body) > 0 then raise exception 'refused'; end if; return new; end $$;
    create trigger refuse before insert on audit_events for each row execute function refuse()`);
  return () => all.store.pool.query("drop trigger refuse on audit_events");
}

test("R32: a target that is busy with creates still has its expired leases ended", async () => {
  const step = (at: StepPoint) => (at === "create.done" ? pause(150) : undefined);
  const busy = all.engine({ step, settings: { maxLeases: 10_000 } });
  busy.start();
  const name = await make();
  const { lease } = await issue(name, 1, busy);
  let stop = false;
  const clients = Array.from({ length: 16 }, async () => {
    while (!stop) await issue(name, null, busy).catch(() => undefined);
  });
  try {
    await until(async () => (await row(lease.id)).state === "gone", "the expired lease ends beside them");
  } finally {
    stop = true;
    await Promise.all(clients);
  }
  await busy.remove(all.caller(), all.place, name);
  const left = () =>
    all.store.pool.query("select 1 from leases where state <> 'gone'").then((found) => found.rowCount === 0);
  await until(left, "all have ended");
  await busy.stop();
});

test("R15: of two renewals at once the loser does not bring the account's own end forward", async () => {
  const name = await make();
  const { lease, data } = await issue(name, 60);
  const [long, short] = [all.stopping("renew.moved"), all.stopping("renew.moved")];
  const first = long.engine.renew(all.caller(), all.place, lease.id, 3_600);
  await long.there;
  const second = short.engine.renew(all.caller(), all.place, lease.id, 60);
  await Promise.race([short.there, second.catch(() => undefined)]);
  long.letGo();
  await first;
  short.letGo();
  await assert.rejects(second, RenewConflict);
  const { expires_at } = await row(lease.id);
  const { rows } = await all.witness.query("select rolvaliduntil from pg_roles where rolname = $1", [data.DB_USERNAME]);
  assert.ok(rows[0].rolvaliduntil >= (expires_at as Date), "the account lives as long as its lease");
  await engine.renew(all.caller(), all.place, lease.id, 60);
  await engine.revoke(all.caller(), all.place, lease.id);
});

test("a due row that somebody holds locked is not asked for without a pause", async () => {
  const name = await make();
  const { lease } = await issue(name);
  const sweeping = all.engine();
  await all.store.transaction(async (tx) => {
    await revocations.askRevocation(tx, lease.id, "asked", "tester");
    await all.store.pool.query("update leases set due_at = lease_now() where state = 'active' and id <> $1", [
      lease.id,
    ]);
  });
  await all.store.pool.query("update leases set due_at = lease_now() where id = $1", [lease.id]);
  const holder = await all.store.pool.connect();
  await holder.query("begin");
  await holder.query("select 1 from leases where id = $1 for update", [lease.id]);
  let asked = 0;
  const count = () => (asked += 1);
  all.store.pool.on("acquire", count);
  sweeping.start();
  await pause(1_000);
  all.store.pool.off("acquire", count);
  await holder.query("rollback");
  holder.release();
  assert.ok(asked < 60, `${asked} questions in a second`);
  await until(async () => (await row(lease.id)).state === "gone", "it ends once the row is free");
  await sweeping.stop();
});

test("A01: what our own database refuses is not the target's refusal, and leaves no account", async () => {
  const name = await make();
  const stop = await refusing("lease.issued");
  const known = await all.roles();
  await assert.rejects(issue(name), (error: Error) => !(error instanceof TargetRefused));
  await stop();
  assert.deepEqual(await all.roles(), known);
});

test("a proof that our own database does not take is no failure of the target", async () => {
  const name = await make();
  const { lease } = await issue(name);
  const stop = await refusing("lease.gone");
  await assert.rejects(engine.revoke(all.caller(), all.place, lease.id), RevocationPending);
  await stop();
  const { state, error } = await row(lease.id);
  assert.deepEqual({ state, error }, { state: "revoking", error: null });
  assert.ok(!(await all.events(lease.id)).includes("lease.revoke-failed"));
  assert.ok((await engine.revoke(all.caller(), all.place, lease.id)).provenGoneAt);
});

test("a lease whose configuration cannot be read any more is still revoked by record, and its row says why it waits", async () => {
  const name = await make();
  const { lease } = await issue(name);
  const field = {
    table: "config_versions",
    column: "inputs",
    row: `${lease.dynamicSecretId}:1`,
    project: all.place.projectId,
  };
  const { rows } = await all.store.pool.query("select inputs from config_versions where dynamic_secret_id = $1", [
    lease.dynamicSecretId,
  ]);
  const write = (inputs: Buffer) =>
    all.store.pool.query("update config_versions set inputs = $1 where dynamic_secret_id = $2", [
      inputs,
      lease.dynamicSecretId,
    ]);
  await write(await all.store.keys.seal(field, "{}"));
  // The one that made it has it ready; the next start has not.
  const next = all.engine();
  await assert.rejects(next.revoke(all.caller(), all.place, lease.id), (error: Error) => {
    assert.ok(error instanceof RevocationPending);
    assert.match(error.message, /configuration/);
    return true;
  });
  const { state, error, due_at } = await row(lease.id);
  assert.equal(state, "revoking");
  assert.match(String(error), /configuration/);
  assert.ok((due_at as Date).getTime() - Date.now() < 30_000, "the next attempt follows the back-off");
  await write(rows[0].inputs);
  assert.ok((await next.revoke(all.caller(), all.place, lease.id)).provenGoneAt);
});

test("a lease is due under the target that its configuration was stored with", async () => {
  const name = await make();
  const older = Buffer.alloc(32, 7);
  const id = (await engine.get(all.place, name, "none")).id;
  await all.store.pool.query("update config_versions set target_key = $1 where dynamic_secret_id = $2", [older, id]);
  const { lease } = await issue(name);
  assert.deepEqual((await row(lease.id)).target_key, older);
  await engine.revoke(all.caller(), all.place, lease.id);
});

test("R15: waiting for our own database does not bring the account's own end forward", async () => {
  const step = async (at: StepPoint) => {
    if (at !== "t1.before") return;
    for (let held = 0; held < 12; held += 1) void all.store.pool.query("select pg_sleep(3)");
  };
  const name = await make();
  const { lease, data } = await issue(name, 60, all.engine({ step }));
  const { rows } = await all.witness.query("select rolvaliduntil from pg_roles where rolname = $1", [data.DB_USERNAME]);
  const slack = rows[0].rolvaliduntil.getTime() - lease.expireAt.getTime();
  assert.ok(slack > 4_000, `${slack} ms`);
  await engine.revoke(all.caller(), all.place, lease.id);
});

test("waiting within our own database does not put the account's own end off", async () => {
  const name = await make();
  const holder = await all.store.pool.connect();
  const step = async (at: StepPoint) => {
    if (at !== "t1.before") return;
    await holder.query("begin; lock table counters in exclusive mode");
    void holder.query("select pg_sleep(2); commit");
  };
  const { lease, data } = await issue(name, 60, all.engine({ step }));
  holder.release();
  const { rows } = await all.witness.query("select rolvaliduntil from pg_roles where rolname = $1", [data.DB_USERNAME]);
  const slack = rows[0].rolvaliduntil.getTime() - lease.expireAt.getTime();
  assert.ok(slack < 6_000, `${slack} ms`);
  await engine.revoke(all.caller(), all.place, lease.id);
});

test("every lease that a deletion ends has its own row in the audit trail", async () => {
  const name = await make();
  const { lease } = await issue(name);
  await engine.remove(all.caller(), all.place, name);
  assert.ok((await all.events(lease.id)).includes("lease.revoke-requested"));
  await engine.revoke(all.caller(), all.place, lease.id);
});
