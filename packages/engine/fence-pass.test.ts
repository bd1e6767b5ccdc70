import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { fencing, type leases, type Tx } from "@dayfly/store";
import { type AnyTarget, type Entity, targets } from "@dayfly/targets";
import type { Engine, IssuedLease } from "./api.ts";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
let maker: Engine;
before(async () => {
  all = await rig();
  maker = all.engine({ settings: { maxLeases: 1_000 } });
});
after(() => all.stop());

/** Accounts of no rights, quickly made; a removal takes its time, one after the other. */
const statements = {
  creationStatement: `CREATE ROLE "{{username}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'`,
  revocationStatement: `SELECT pg_sleep(0.01); DROP ROLE IF EXISTS "{{username}}"`,
};
let name: string;
beforeEach(async () => {
  name = (await maker.create(all.caller(), all.place, all.draft({}, statements), plainly)).name;
});

async function issue(count: number): Promise<IssuedLease[]> {
  const issued: IssuedLease[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun++ < count) {
      const options = { ttlSeconds: null, config: {}, arrivedAt: performance.now() };
      issued.push(await maker.issue(all.caller(), all.place, name, options));
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return issued;
}

/** Brings the end of all leases forward to now. */
const expire = () =>
  all.store.pool.query("update leases set expires_at = lease_now(), due_at = lease_now() where state = 'active'");

async function rows(): Promise<leases.Lease[]> {
  const { rows } = await all.store.pool.query<leases.Lease>(
    "select l.* from leases l join dynamic_secrets d on d.id = l.dynamic_secret_id where d.name = $1",
    [name],
  );
  return rows;
}
const allGone = async () => (await rows()).every(({ state }) => state === "gone");

/** Those of these accounts that stand, and whether any can log in. */
async function standing(issued: IssuedLease[]): Promise<{ count: number; canLogin: boolean }> {
  const { rows } = await all.witness.query(
    `select count(*)::int as count, coalesce(bool_or(rolcanlogin), false) as "canLogin" from pg_roles where rolname = any($1)`,
    [issued.map(({ data }) => data.DB_USERNAME)],
  );
  return rows[0];
}

/** The target, with something put around its pass that fences many. */
function watched(
  around: (entities: Entity[], fenceAll: () => Promise<Map<string, number>>) => Promise<Map<string, number>>,
) {
  const plain = targets["sql-database"] as AnyTarget;
  const fenceAll: AnyTarget["fenceAll"] = (client, config, entities) =>
    around(entities, () => plain.fenceAll!(client, config, entities));
  return { "sql-database": { ...plain, fenceAll } };
}

test("R04: of 150 leases due at once none can log in or goes on in a session while most still stand; then all go", async () => {
  const issued = await issue(150);
  const youngest = issued.at(-1)!;
  const session = await all.login(youngest.data);
  let isCut = false;
  session.once("end", () => (isCut = true));
  await expire();
  await all.store.pool.query("update leases set due_at = due_at + interval '1 ms' where id = $1", [youngest.lease.id]);
  const sweeping = all.engine();
  sweeping.start();
  await until(async () => !(await standing(issued)).canLogin, "no account can log in");
  assert.ok((await standing(issued)).count > 50);
  await until(async () => isCut, "the session is cut");
  assert.ok((await standing(issued)).count > 25);
  await until(allGone, "all are gone");
  const ended = (await rows()).find(({ id }) => id === youngest.lease.id)!;
  assert.deepEqual([ended.sessions_killed, ended.attempts, ended.reason], [1, 1, "expired"]);
  assert.deepEqual(await all.events(youngest.lease.id), [
    "lease.requested",
    "lease.issued",
    "lease.expired",
    "lease.fenced",
    "lease.gone",
  ]);
  await sweeping.stop();
});

test("neither an account that is missing nor one that cannot be fenced holds up the others", async () => {
  const issued = await issue(140);
  const [missing, foreign] = [issued.at(-1)!, issued.at(-2)!].map(({ data }) => data.DB_USERNAME!) as [string, string];
  await all.witness.query(`drop role "${missing}"; revoke "${foreign}" from ${all.admin.user}`);
  await expire();
  const sweeping = all.engine();
  sweeping.start();
  const others = issued.slice(0, -2);
  await until(async () => !(await standing(others)).canLogin, "no other can log in");
  assert.ok((await standing(others)).count > 50);
  await until(async () => (await rows()).filter(({ state }) => state !== "gone").length === 1, "all but one are gone");
  const left = (await rows()).find(({ state }) => state !== "gone")!;
  assert.deepEqual([left.username, left.fenced_at, left.error_class], [foreign, null, "refused"]);
  await all.witness.query(`grant "${foreign}" to ${all.admin.user} with admin option`);
  await maker.revoke(all.caller(), all.place, left.id);
  await sweeping.stop();
});

test("killed when many are fenced and it is not recorded, they are due again in half a minute, and nothing is left behind", async () => {
  const issued = await issue(150);
  await expire();
  let reached = () => {};
  let wakeUp = (_: Map<string, number>) => {};
  const there = new Promise<void>((settle) => (reached = settle));
  const asleep = watched(async (_entities, fenceAll) => {
    await fenceAll();
    sleeping.rest();
    reached();
    return new Promise((settle) => (wakeUp = settle));
  });
  const sleeping = all.engine({ targets: asleep });
  sleeping.start();
  await there;
  const { rows: claimed } = await all.store.pool.query<{ username: string; seconds: number }>(
    `select username, extract(epoch from due_at - lease_now())::int as seconds from leases
     where state = 'revoking' and attempts = 0`,
  );
  assert.ok(claimed.length > 100 && claimed.every(({ seconds }) => seconds <= 30));
  const held = issued.filter(({ data }) => claimed.some(({ username }) => username === data.DB_USERNAME));
  assert.deepEqual(await standing(held), { count: held.length, canLogin: false });
  await all.store.pool.query("update leases set due_at = least(due_at, lease_now()) where state = 'revoking'");
  const next = all.engine();
  next.start();
  await until(allGone, "all are gone");
  assert.deepEqual(await all.roles(), []);
  // One that has only slept changes nothing any more.
  wakeUp(new Map(claimed.map(({ username }) => [username, 7])));
  await Promise.all([sleeping.stop(), next.stop()]);
  assert.ok((await rows()).every(({ state, sessions_killed }) => state === "gone" && sessions_killed === 0));
});

test("what was refused in one piece is ended one by one", async () => {
  await issue(120);
  await expire();
  let passes = 0;
  const refusing = watched(async () => {
    passes += 1;
    throw new Error("not here");
  });
  const sweeping = all.engine({ targets: refusing });
  sweeping.start();
  await until(allGone, "all are gone");
  assert.ok(passes >= 1);
  assert.ok((await rows()).every(({ attempts }) => attempts === 1));
  await sweeping.stop();
});

test("two nodes fence no account twice", async () => {
  await issue(150);
  await expire();
  const fenced: string[] = [];
  const counting = watched(async (entities, fenceAll) => {
    fenced.push(...entities.map(({ entityId }) => entityId));
    return fenceAll();
  });
  const nodes = [all.engine({ targets: counting }), all.engine({ targets: counting })];
  for (const node of nodes) node.start();
  await until(async () => (await rows()).every((row) => row.fenced_at !== null), "all are fenced");
  assert.ok(fenced.length > 100);
  assert.equal(new Set(fenced).size, fenced.length);
  await until(allGone, "all are gone");
  await Promise.all(nodes.map((node) => node.stop()));
});

test("a batch is of leases that have ended and where nothing can land any more, and only of a crowd", async () => {
  const issued = await issue(6);
  const targetKey = (await rows())[0]!.target_key;
  const [early, late, done, ...plain] = issued.map(({ lease }) => lease.id);
  await expire();
  // Due before its end: somebody else looks after it.
  await all.store.pool.query("update leases set expires_at = lease_now() + interval '1 min' where id = $1", [early]);
  await all.store.pool.query(
    "update leases set state = 'revoking', revoking_at = lease_now(), late_until = lease_now() + interval '1 min' where id = $1",
    [late],
  );
  await all.store.pool.query("update leases set fenced_at = lease_now() where id = $1", [done]);
  const claim = (moreThan: number, atMost: number) => (tx: Tx) =>
    fencing.claimCrowd(tx, targetKey, { moreThan, atMost, claimSeconds: 30 });
  assert.equal((await all.store.transaction(claim(6, 10))).length, 0);
  await all.store.transaction(async (tx) => {
    const first = await claim(5, 1)(tx);
    // Another node meanwhile.
    const second = await all.store.transaction(claim(5, 1));
    const both = [...first, ...second].map(({ id }) => id);
    assert.deepEqual([both.length, new Set(both).size], [2, 2]);
  });
  // Four are due now.
  assert.equal((await all.store.transaction(claim(4, 10))).length, 0);
  const rest = await all.store.transaction(claim(3, 10));
  assert.equal(rest.length, 1);
  assert.ok(rest.every(({ id, attempts, was }) => plain.includes(id) && attempts === 0 && was === "active"));
  await all.store.pool.query("update leases set late_until = lease_now()");
  for (const { lease } of issued) await maker.revoke(all.caller(), all.place, lease.id);
});
