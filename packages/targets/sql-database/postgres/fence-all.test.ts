import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Issued } from "../../index.ts";
import { loopback, type Orders, startOrders } from "../../testing/orders.ts";
import { until } from "../../testing/test-target.ts";
import target from "../index.ts";
import { fenceAll } from "./fence-all.ts";
import type { Session } from "./session.ts";

describe("many accounts fenced at once", () => {
  let orders: Orders;
  let session: Session;
  before(async () => {
    orders = await startOrders();
    session = await target.connect(target.config.parse(orders.admin), loopback());
  });
  after(async () => {
    await target.close(session);
    await orders?.stop();
  });

  async function issue(username: string): Promise<Issued> {
    const now = (await target.clock!(session)).getTime();
    return target.create(session, session.config, {
      username,
      password: "p".repeat(48),
      expiresAt: new Date(now + 3_600_000),
      deadline: new Date(now + 8_000),
      mark: "dayfly lease",
    });
  }
  const login = ({ data }: Issued) => target.login(session.config, data, loopback());
  const told = (fenced: Map<string, number>) => Object.fromEntries([...fenced].sort());

  test("they log in no more, their sessions are cut and counted, and a stranger keeps both", async () => {
    await orders.query(`CREATE ROLE "crowd-" LOGIN PASSWORD 's'`);
    const issued = [await issue("crowd-1"), await issue("crowd-2"), await issue("crowd-3")];
    const held = await orders.open({ user: "crowd-2", password: "p".repeat(48) });
    const stranger = await orders.open({ user: "crowd-", password: "s" });
    let isCut = false;
    held.once("end", () => (isCut = true));
    assert.deepEqual(told(await fenceAll(session, issued)), { "crowd-1": 0, "crowd-2": 1, "crowd-3": 0 });
    for (const each of issued) assert.equal(await login(each), "refused");
    await until(async () => isCut);
    await stranger.query("SELECT 1");
    await stranger.end();
    assert.deepEqual(told(await fenceAll(session, issued)), { "crowd-1": 0, "crowd-2": 0, "crowd-3": 0 });
    for (const each of issued) await target.drop(session, session.config, each);
    await orders.query(`DROP ROLE "crowd-"`);
  });

  test("one that is absent is no trouble and is not made, one that may not be touched is not said to be fenced", async () => {
    await orders.query(`CREATE ROLE "crowd-theirs" LOGIN PASSWORD 's'`);
    const ours = await issue("crowd-ours");
    const all = [{ entityId: "crowd-never" }, { entityId: "crowd-theirs" }, { entityId: ours.entityId }];
    assert.deepEqual(told(await fenceAll(session, all)), { "crowd-never": 0, "crowd-ours": 0 });
    assert.equal(await login(ours), "refused");
    await (await orders.open({ user: "crowd-theirs", password: "s" })).end();
    assert.equal(await target.exists(session, session.config, { entityId: "crowd-never" }), false);
    await target.drop(session, session.config, ours);
    await orders.query(`DROP ROLE "crowd-theirs"`);
  });

  test("a session that outlived its role is ended, but not that of somebody who has its oid now", async () => {
    const oidOf = async (role: string): Promise<string> =>
      String((await orders.query(`SELECT oid::text FROM pg_roles WHERE rolname = '${role}'`))[0]!.oid);
    await issue("crowd-gone");
    const gone = { entityId: "crowd-gone", keep: { oid: await oidOf("crowd-gone") } };
    const held = await orders.open({ user: "crowd-gone", password: "p".repeat(48) });
    await target.drop(session, session.config, gone);
    await orders.query(`CREATE ROLE "crowd-heir" LOGIN PASSWORD 's'`);
    const heir = await orders.open({ user: "crowd-heir", password: "s" });
    const inherited = { entityId: "crowd-past", keep: { oid: await oidOf("crowd-heir") } };
    assert.deepEqual(told(await fenceAll(session, [gone, inherited])), { "crowd-gone": 1, "crowd-past": 0 });
    await assert.rejects(held.query("SELECT 1"));
    await heir.query("SELECT 1");
    await heir.end();
    await orders.query(`DROP ROLE "crowd-heir"`);
  });

  test("where the admin may not end sessions, who has none is fenced and who has one is not said to be", async () => {
    await orders.query("REVOKE pg_signal_backend FROM dayfly_admin");
    const issued = [await issue("crowd-idle"), await issue("crowd-busy")];
    const held = await orders.open({ user: "crowd-busy", password: "p".repeat(48) });
    assert.deepEqual(told(await fenceAll(session, issued)), { "crowd-idle": 0 });
    await held.end();
    await orders.query("GRANT pg_signal_backend TO dayfly_admin");
    for (const each of issued) await target.drop(session, session.config, each);
  });
});
