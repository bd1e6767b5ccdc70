import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Engine } from "./api.ts";
import { TargetRefused } from "./errors.ts";
import { plainly, type Rig, rig, until } from "./testing/engine.ts";
import { openRelay, type Relay } from "./testing/relay.ts";

let all: Rig;
let relay: Relay;
let one: Engine;
let other: Engine;
before(async () => {
  all = await rig();
  relay = await openRelay(all);
  one = all.engine();
  other = all.engine();
  one.start();
  other.start();
});
after(async () => {
  await all.stop();
  await relay.close();
});

const options = () => ({ ttlSeconds: null, config: {}, arrivedAt: performance.now() });
const make = async (engine: Engine, inputs = {}) =>
  (await engine.create(all.caller(), all.place, all.draft({}, inputs), plainly)).name;
const rows = async (sql: string) => (await all.store.pool.query(sql)).rows;
const live = async () => (await rows("select 1 from leases where state <> 'gone'")).length;
const overdue = () =>
  all.store.pool.query("update leases set expires_at = now(), due_at = now() where state = 'active'");
const events = async (event: string) =>
  (await rows("select body from audit_events")).filter(({ body }) => JSON.parse(body).event === event).length;

test("R06: overdue leases of a target that is down are ending, are not tried one by one, and go at its return", async () => {
  const name = await make(one, { port: relay.port });
  for (let n = 0; n < 30; n += 1) await one.issue(all.caller(), all.place, name, options());
  relay.cut();
  await overdue();
  await until(async () => (await rows("select 1 from targets where opened_at is not null")).length === 1, "it is open");
  await until(
    async () => (await rows("select 1 from leases where state = 'revoking'")).length === 30,
    "all are ending, asked or not",
  );
  const before = relay.came();
  await new Promise((settle) => setTimeout(settle, 3_000));
  assert.ok(relay.came() - before <= 2, `${relay.came() - before} connections within 3 s to a target that is down`);
  await assert.rejects(one.issue(all.caller(), all.place, name, options()), (error: Error) => {
    assert.ok(error instanceof TargetRefused);
    assert.match(error.message, /held to be down/);
    return true;
  });
  relay.mend();
  await all.store.pool.query("update targets set probe_at = now() where opened_at is not null");
  await until(async () => (await live()) === 0, "all are gone after one probe");
  assert.deepEqual(await all.roles(), []);
  assert.deepEqual([await events("target.down"), await events("target.up")], [1, 1]);
});

test("R14: a changed admin password costs three refused logins at most, of two nodes, and an edit ends the wait", async () => {
  const name = await make(one);
  for (let n = 0; n < 20; n += 1) await one.issue(all.caller(), all.place, name, options());
  await all.witness.query(`alter role ${all.admin.user} password 'changed'`);
  await all.witness.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${all.admin.user}'`);
  await overdue();
  await until(
    async () => (await rows("select 1 from leases where state = 'revoking' and error_class = 'auth'")).length === 20,
    "all wait for the login",
  );
  const [{ refused }] = await rows("select max(cardinality(failed_logins)) as refused from targets");
  assert.ok(refused >= 1 && refused <= 3, `${refused} logins were refused`);
  assert.equal(await live(), 20);
  await one.update(all.caller(), all.place, name, { inputs: { password: "changed" } }, "none");
  await until(async () => (await live()) === 0, "all are gone after the edit");
  await all.witness.query(`alter role ${all.admin.user} password '${all.admin.password}'`);
});

test("R07: a target that is down holds nothing of another one back", async () => {
  const down = await make(one, { port: relay.port });
  const well = await make(one);
  for (const name of [down, well]) await one.issue(all.caller(), all.place, name, options());
  relay.cut();
  await overdue();
  const ofWell = `select 1 from leases l join dynamic_secrets s on s.id = l.dynamic_secret_id
    where s.name = '${well}' and l.state <> 'gone'`;
  await until(async () => (await rows(ofWell)).length === 0, "the other target's lease has ended");
  assert.equal(await live(), 1);
  relay.mend();
  await all.store.pool.query("update targets set probe_at = now() where opened_at is not null");
  await until(async () => (await live()) === 0, "and so has the first one's");
});
