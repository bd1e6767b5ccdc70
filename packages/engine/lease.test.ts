import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import type { Engine, IssuedLease } from "./api.ts";
import { NotFound, RuleBroken } from "./errors.ts";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";

let all: Rig;
let engine: Engine;
let name: string;
before(async () => {
  all = await rig();
  engine = all.engine();
  engine.start();
  name = (await engine.create(all.caller(), all.place, all.draft(), plainly)).name;
});
after(() => all.stop());

function issue(ttlSeconds: number | null = null, secret = name): Promise<IssuedLease> {
  return engine.issue(all.caller(), all.place, secret, { ttlSeconds, config: {}, arrivedAt: performance.now() });
}

function row(id: string): Promise<Record<string, unknown>> {
  return all.store.pool.query("select * from leases where id = $1", [id]).then((result) => result.rows[0]);
}

test("a lease logs in, may do what its statement grants and nothing else, and ends with its sessions", async () => {
  const { lease, data } = await issue();
  const session = await all.login(data);
  assert.equal((await session.query("select count(*)::int as n from orders")).rows[0].n, 1);
  await assert.rejects(session.query("insert into orders values (2, 'x')"), { code: "42501" });
  const cut = new Promise((settle) => session.once("end", settle));
  const end = await engine.revoke(all.caller(), all.place, lease.id);
  assert.ok(end.provenGoneAt);
  await cut;
  await assert.rejects(all.login(data), { code: "28P01" });
  assert.deepEqual(await all.roles(), []);
  assert.deepEqual(await all.events(lease.id), [
    "lease.requested",
    "lease.issued",
    "lease.revoke-requested",
    "lease.gone",
  ]);
  const ended = await row(lease.id);
  assert.equal(ended.sessions_killed, 1);
  assert.equal(ended.reason, "asked");
});

test("R09: a session that was logging in when the fence came down is ended, and nothing is proven before", async () => {
  const { lease, data } = await issue();
  // Let in already, and for two seconds in no list of sessions.
  const slow = new pg.Client({
    host: all.host,
    port: all.port,
    database: "orders",
    user: data.DB_USERNAME!,
    password: data.DB_PASSWORD!,
    options: "-c post_auth_delay=2",
  });
  slow.on("error", () => undefined);
  const cut = new Promise((settle) => slow.once("end", settle));
  const opened = slow.connect();
  const letIn = "select 1 from pg_locks where classid = 'pg_database'::regclass and mode = 'RowExclusiveLock'";
  await until(async () => (await all.witness.query(letIn)).rowCount === 1, "the login has been let in");
  const { engine: stopped, there, letGo } = all.stopping("revoke.killed");
  const ended = stopped.revoke(all.caller(), all.place, lease.id);
  await there;
  await opened;
  letGo();
  assert.ok((await ended).provenGoneAt);
  await cut;
  assert.equal((await row(lease.id)).sessions_killed, 1);
});

test("R10: a revocation statement that fails alone becomes advice for who edits it", async () => {
  const { lease } = await issue();
  await engine.revoke(all.caller(), all.place, lease.id);
  assert.match((await engine.get(all.place, name, "plain")).statusDetails!, /clean-up finished it/);
  assert.equal((await engine.get(all.place, name, "none")).statusDetails, null);
});

test("revoking twice succeeds, with the proof of the first time", async () => {
  const { lease } = await issue();
  const first = await engine.revoke(all.caller(), all.place, lease.id);
  const second = await engine.revoke(all.caller(), all.place, lease.id);
  assert.deepEqual(second.provenGoneAt, first.provenGoneAt);
});

test("R08: many revokes at once all succeed", async () => {
  const { lease } = await issue();
  const ends = await Promise.allSettled(
    Array.from({ length: 8 }, () => engine.revoke(all.caller(), all.place, lease.id)),
  );
  assert.deepEqual(
    ends.map((end) => end.status),
    ends.map(() => "fulfilled"),
  );
});

test("an expired lease is refused at login within a second of its end, and revoked by nobody's hand", async () => {
  const { lease, data } = await issue(1);
  await (await all.login(data)).end();
  await until(async () => (await row(lease.id)).state === "gone", "the sweeper ends an expired lease");
  const ended = await row(lease.id);
  const late = (ended.gone_at as Date).getTime() - lease.expireAt.getTime();
  assert.ok(late >= 0 && late < 1_000, `${late} ms late`);
  await assert.rejects(all.login(data), { code: "28P01" });
  assert.deepEqual(await all.events(lease.id), ["lease.requested", "lease.issued", "lease.expired", "lease.gone"]);
});

test("a renewal adds to the old end, moves the native end, and is refused past the ceiling with the room left", async () => {
  const { lease, data } = await issue(3_600);
  const renewed = await engine.renew(all.caller(), all.place, lease.id, 7_200);
  assert.equal(renewed.expireAt.getTime(), lease.expireAt.getTime() + 7_200_000);
  const { rows } = await all.witness.query("select rolvaliduntil from pg_roles where rolname = $1", [data.DB_USERNAME]);
  const native = rows[0].rolvaliduntil.getTime() - renewed.expireAt.getTime();
  assert.ok(native > 4_000 && native < 6_000, `native expiry ${native} ms after the lease's end`);
  await assert.rejects(engine.renew(all.caller(), all.place, lease.id, 7_200), (error: Error) => {
    assert.ok(error instanceof RuleBroken);
    assert.match(error.message, /at most 1h can be added/);
    return true;
  });
  await engine.revoke(all.caller(), all.place, lease.id);
  await assert.rejects(engine.renew(all.caller(), all.place, lease.id, 60), NotFound);
});

test("two renewals at once: one wins, nothing is added twice", async () => {
  const { lease } = await issue(3_600);
  const both = await Promise.allSettled([60, 60].map((ttl) => engine.renew(all.caller(), all.place, lease.id, ttl)));
  const won = both.filter((one) => one.status === "fulfilled").length;
  const { lease: now } = await engine.lease(all.place, lease.id);
  assert.equal(now.expireAt.getTime(), lease.expireAt.getTime() + won * 60_000);
  assert.ok(won >= 1);
  await engine.revoke(all.caller(), all.place, lease.id);
});

test("32 at once: no error, 32 logins; 32 revokes at once leave no role", async () => {
  const issued = await Promise.all(Array.from({ length: 32 }, () => issue()));
  const sessions = await Promise.all(issued.map(({ data }) => all.login(data)));
  assert.equal(new Set(issued.map(({ data }) => data.DB_USERNAME)).size, 32);
  await Promise.all(issued.map(({ lease }) => engine.revoke(all.caller(), all.place, lease.id)));
  assert.deepEqual(await all.roles(), []);
  await Promise.allSettled(sessions.map((session) => session.end()));
});

test("the limit of live leases is exact, and a revoked one makes room", async () => {
  const few = all.engine({ settings: { maxLeases: 3 } });
  const secret = (await few.create(all.caller(), all.place, all.draft(), plainly)).name;
  const options = { ttlSeconds: null, config: {}, arrivedAt: performance.now() };
  const tried = await Promise.allSettled(
    Array.from({ length: 8 }, () => few.issue(all.caller(), all.place, secret, options)),
  );
  const made = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  assert.equal(made.length, 3);
  const refused = tried.find((one) => one.status === "rejected") as PromiseRejectedResult;
  assert.match(refused.reason.message, /^Max lease limit reached\. Limit: 3/);
  await few.revoke(all.caller(), all.place, made[0]!.lease.id);
  await few.issue(all.caller(), all.place, secret, { ...options, arrivedAt: performance.now() });
  await few.remove(all.caller(), all.place, secret);
});

test("a lease is found only at its own place", async () => {
  const { lease } = await issue();
  for (const place of [
    { ...all.place, projectId: "00000000-0000-0000-0000-000000000000" },
    { ...all.place, environment: "elsewhere" },
    { ...all.place, path: "/" },
  ]) {
    await assert.rejects(engine.lease(place, lease.id), NotFound);
    await assert.rejects(engine.revoke(all.caller(), place, lease.id), NotFound);
  }
  await engine.revoke(all.caller(), all.place, lease.id);
});

test("R28: an answer that could not be handed over ends the lease", async () => {
  const { lease } = await issue();
  await engine.undelivered(all.caller(), lease.id);
  await until(async () => (await row(lease.id)).state === "gone", "the lease ends");
  assert.equal((await row(lease.id)).reason, "client-left");
});
