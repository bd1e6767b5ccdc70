/** Waiting until an account works: what each answer of the target comes to. */
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { type AnyTarget, targets } from "@dayfly/targets";
import type { Engine, IssuedLease, IssueOptions } from "./api.ts";
import { InvalidInputs, TargetRefused } from "./errors.ts";
import { plainly, type Rig, rig, SEED, until } from "./testing/engine.ts";

/** An account that may not log in before somebody lets it: a replica that has not followed yet. */
const LATER = { creationStatement: SEED.creationStatement.replace("WITH LOGIN", "WITH NOLOGIN") };

let all: Rig;
let engine: Engine;
let plain: string;
let wished: string;
let later: string;
before(async () => {
  all = await rig();
  engine = all.engine();
  engine.start();
  plain = await make({});
  wished = await make({ readiness: "login" });
  later = await make(LATER);
});
after(() => all.stop());

async function make(inputs: Record<string, unknown>, by = engine): Promise<string> {
  return (await by.create(all.caller(), all.place, all.draft({}, inputs), plainly)).name;
}

function issue(secret: string, change: Partial<IssueOptions> = {}, by = engine): Promise<IssuedLease> {
  const options = { ttlSeconds: null, config: {}, arrivedAt: performance.now(), ...change };
  return by.issue(all.caller(), all.place, secret, options);
}

/** Lets in whoever waits, once so many do. */
async function letIn(count = 1): Promise<void> {
  const roles = async () => {
    const { rows } = await all.witness.query<{ rolname: string }>(
      "select rolname from pg_roles where not rolcanlogin and rolname not like 'pg\\_%'",
    );
    return rows.map((row) => row.rolname);
  };
  await until(async () => (await roles()).length >= count, `${count} accounts are made`);
  for (const role of await roles()) await all.witness.query(`alter role "${role}" login`);
}

async function end(...leases: IssuedLease[]): Promise<void> {
  for (const { lease } of leases) await engine.revoke(all.caller(), all.place, lease.id);
}

test("where nobody asked for it nothing is waited for, and the answer says nothing of it", async () => {
  const issued = await issue(plain);
  assert.deepEqual(Object.keys(issued).sort(), ["data", "dynamicSecret", "lease"]);
  await end(issued);
});

test("the configuration asks for a login, and a request may ask for another wait", async () => {
  const [own, none, asked] = await Promise.all([
    issue(wished),
    issue(wished, { wait: "none" }),
    issue(plain, { wait: "login" }),
  ]);
  assert.equal(own.ready, true);
  assert.ok(own.readyAfterMs! >= 0 && Number.isInteger(own.readyAfterMs));
  assert.equal(none.ready, undefined);
  assert.equal(asked.ready, true);
  await end(own, none, asked);
});

test("an account that is let in later is waited for, beyond the create limit where the request asks for it", async () => {
  const hasty = all.engine({ settings: { createLimitMs: 700 } });
  const waiting = issue(later, { wait: "login", waitSeconds: 20 }, hasty);
  await new Promise((settle) => setTimeout(settle, 1_500));
  await letIn();
  const issued = await waiting;
  assert.equal(issued.ready, true);
  assert.ok(issued.readyAfterMs! > 500, String(issued.readyAfterMs));
  await (await all.login(issued.data)).end();
  await end(issued);
});

test("an account that is still refused at the end is a create that failed, and its caller is told", async () => {
  const known = await all.roles();
  // A lease is not waited away: half of its TTL, whatever was asked for.
  const waiting = issue(later, { wait: "login", waitSeconds: 60, ttlSeconds: 6 });
  await assert.rejects(waiting, (error: Error) => {
    assert.ok(error instanceof TargetRefused);
    assert.match(error.message, /its login was still refused after \d\.\d s/);
    return true;
  });
  await until(async () => (await all.roles()).length === known.length, "the account is taken back");
  const { rows } = await all.store.pool.query("select state, reason from leases order by created_at desc limit 1");
  assert.deepEqual(rows[0], { state: "gone", reason: "create-failed" });
});

test("where only the configuration asks, the answer is there before official clients give up", async () => {
  const secret = await make({ ...LATER, readiness: "login" });
  const quick = all.engine({ settings: { createLimitMs: 500 } });
  await assert.rejects(issue(secret, {}, quick), TargetRefused);
  const { rows } = await all.store.pool.query(
    "select extract(epoch from answer_by - created_at)::float8 as limit from leases order by created_at desc limit 1",
  );
  // Between the create limit and the ten seconds of those clients are two.
  assert.ok(rows[0].limit > 1.5 && rows[0].limit <= 2, String(rows[0].limit));
});

test("who waits holds no slot: nine accounts that are not let in yet keep no other lease from being made", async () => {
  let settled = 0;
  const waiting = Array.from({ length: 9 }, () =>
    issue(later, { wait: "login", waitSeconds: 30 }).finally(() => (settled += 1)),
  );
  const other = await issue(plain);
  await end(other);
  assert.equal(settled, 0);
  await letIn(9);
  const issued = await Promise.all(waiting);
  assert.ok(issued.every(({ ready }) => ready));
  await end(...issued);
});

test("where nobody can tell, the lease stands and is not called ready", async () => {
  const relay = await startRelay();
  const secret = await make({ port: relay.port });
  const step = (at: string) => {
    if (at === "create.done") relay.silent = true;
  };
  const issued = await issue(secret, { wait: "login", waitSeconds: 1 }, all.engine({ step }));
  assert.equal(issued.ready, false);
  assert.ok(issued.readyAfterMs! > 500, String(issued.readyAfterMs));
  await (await all.login(issued.data)).end();
  relay.silent = false;
  await end(issued);
  await relay.stop();
});

test("R02: a node that dies while it waits leaves an intent, which is taken back", async () => {
  const known = await all.roles();
  const waiting = issue(later, { wait: "login", waitSeconds: 2 }, all.engine());
  const failed = assert.rejects(waiting);
  await until(async () => (await all.roles()).length > known.length, "the account is made");
  await all.store.pool.query(
    `update leases set answer_by = answer_by - interval '10 min', late_until = lease_now(), due_at = lease_now()
     where state = 'intended'`,
  );
  await until(async () => (await all.roles()).length === known.length, "the account is taken back");
  await failed;
  const { rows } = await all.store.pool.query("select 1 from leases where state = 'active'");
  assert.equal(rows.length, 0);
});

test("a control plane is asked where there is one, and refused as a wish where there is none", async () => {
  await assert.rejects(make({ readiness: "api" }), (error: Error) => {
    assert.ok(error instanceof InvalidInputs);
    assert.match(error.message, /provider\.inputs\.readiness: .*use 'login'/);
    return true;
  });
  const change = { inputs: { readiness: "api" } };
  await assert.rejects(engine.update(all.caller(), all.place, plain, change, "plain"), InvalidInputs);
  await assert.rejects(issue(plain, { wait: "api" }), InvalidInputs);

  let asked = 0;
  const sql = targets["sql-database"] as AnyTarget;
  const ready = async () => {
    asked += 1;
    return asked > 2;
  };
  const planned = { "sql-database": { ...sql, ready } };
  const issued = await issue(plain, { wait: "api" }, all.engine({ targets: planned }));
  assert.deepEqual([issued.ready, asked], [true, 3]);
  await end(issued);
});

interface Relay {
  port: number;
  /** New connections are taken and never answered. */
  silent: boolean;
  stop(): Promise<void>;
}

/** A way to the target that can fall silent for whoever comes new. */
async function startRelay(): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    sockets.add(near);
    near.on("error", () => {});
    if (relay.silent) return;
    const far = connect(all.port, all.host);
    sockets.add(far);
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    silent: false,
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((settle) => server.close(() => settle()));
    },
  };
  return relay;
}
