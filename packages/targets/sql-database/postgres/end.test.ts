import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Issued } from "../../index.ts";
import { messagesOf } from "../../testing/messages.ts";
import { loopback, type Orders, startOrders } from "../../testing/orders.ts";
import { assertSame, until } from "../../testing/test-target.ts";
import target from "../index.ts";
import type { Session } from "./session.ts";

/** A role that the operator's statement can drop. */
const HOLDS_NOTHING = `CREATE ROLE "{{username}}" LOGIN PASSWORD '{{password}}'`;

describe("the end of a lease", () => {
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
    const now = await target.clock!(session);
    const [deadline, expiresAt] = [8000, 3_600_000].map((ms) => new Date(now.getTime() + ms)) as [Date, Date];
    return target.create(session, session.config, {
      username,
      password: "p".repeat(48),
      expiresAt,
      deadline,
      mark: "dayfly lease",
    });
  }

  test("may be worked on by eight at once: no error, and a stranger of a like name is untouched", async () => {
    await orders.query(`CREATE ROLE "lease-" LOGIN PASSWORD 's'; GRANT SELECT ON customers TO "lease-"`);
    const untouched = await orders.snapshot();
    const sessions = await Promise.all(Array.from({ length: 8 }, () => target.connect(session.config, loopback())));
    for (let round = 0; round < 10; round += 1) {
      const lease = await issue(`lease-${round}`);
      await Promise.all(
        sessions.map(async (each) => {
          await target.fence!(each, each.config, lease);
          while ((await target.killSessions!(each, each.config, lease)) > 0);
          await target.revoke!(each, each.config, lease).catch((error) => assert.match(error.message, /2BP01/));
          assert.notEqual(await target.drop(each, each.config, lease), "there");
          assert.equal(await target.exists(each, each.config, lease), false);
        }),
      );
    }
    await Promise.all(sessions.map((each) => target.close(each)));
    assertSame(await orders.snapshot(), untouched);
    await orders.query(`DROP OWNED BY "lease-"; DROP ROLE "lease-"`);
  });

  test("is not undone by a renewal that comes late", async () => {
    const lease = await issue("late-renewal");
    await target.fence!(session, session.config, lease);
    await target.renew!(session, session.config, lease, new Date(Date.now() + 3_600_000));
    assert.equal(await target.login(session.config, lease.data, loopback()), "refused");
    await target.drop(session, session.config, lease);
    await assert.rejects(target.renew!(session, session.config, lease, new Date()), /no role or object of that name/);
    assert.equal(await target.exists(session, session.config, lease), false);
  });

  test("does not come back by a revocation or renewal of the operator's that fails", async () => {
    const config = target.config.parse({
      ...orders.admin,
      revocationStatement: `DROP TABLE orders; SELECT 1/0; DROP ROLE "{{username}}"`,
      renewStatement: `ALTER ROLE "{{username}}" VALID UNTIL '{{expiration}}'; SELECT 1/0`,
    });
    const lease = await issue("failing-statements");
    const until = await orders.query("SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'failing-statements'");
    await assert.rejects(target.revoke!(session, config, lease), /revocation statement, part 2 of 3 \(SELECT\).*22012/);
    await assert.rejects(
      target.renew!(session, config, lease, new Date()),
      /renewal statement, part 2 of 2 \(SELECT\).*22012/,
    );
    // Both ran as one transaction: nothing of them stayed.
    assert.equal((await orders.query("SELECT * FROM orders")).length, 1);
    assert.deepEqual(
      await orders.query("SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'failing-statements'"),
      until,
    );
    await target.drop(session, session.config, lease);
  });

  test("leaves the admin's session usable, whatever role the operator's statements put on", async () => {
    await orders.query("CREATE ROLE other; GRANT other TO dayfly_admin");
    const config = target.config.parse({
      ...orders.admin,
      creationStatement: `CREATE ROLE "{{username}}" LOGIN PASSWORD '{{password}}'; SET ROLE other; -- and no way back`,
      revocationStatement: `SET ROLE other; SELECT '{{username}}'`,
    });
    const deadline = new Date((await target.clock!(session)).getTime() + 8000);
    const lease = await target.create(session, config, {
      username: "put-on",
      password: "p".repeat(48),
      expiresAt: deadline,
      deadline,
      mark: "m",
    });
    await target.revoke!(session, config, lease);
    await target.drop(session, config, lease);
    assert.equal(await target.exists(session, config, lease), false);
    await orders.query("DROP ROLE other");
  });

  test("is proven in two messages, where the statement does its work and no session is open", async () => {
    const config = target.config.parse({ ...orders.admin, creationStatement: HOLDS_NOTHING });
    const deadline = new Date((await target.clock!(session)).getTime() + 8000);
    const account = { username: "short-way", password: "p".repeat(48), expiresAt: deadline, deadline, mark: "m" };
    const other = await target.connect(config, loopback());
    const lease = await target.create(other, config, account);
    const messages = messagesOf(other);
    assert.deepEqual(await target.fence!(other, config, lease), { there: true, sessions: 0 });
    assert.equal(await target.revoke!(other, config, lease), "absent");
    assert.equal(messages(), 2);
    assert.deepEqual(await target.fence!(other, config, lease), { there: false });
    assert.equal(await target.exists(other, config, lease), false);
    await target.close(other);
  });

  test("counts the sessions that go on when the fence is in force", async () => {
    const lease = await issue("counted");
    const clients = [1, 2].map(() => orders.open({ user: "counted", password: "p".repeat(48) }));
    await Promise.all(clients);
    assert.deepEqual(await target.fence!(session, session.config, lease), { there: true, sessions: 2 });
    // Without what create kept, a late session is seen only while its role stands: no count spares the look at it.
    assert.deepEqual(await target.fence!(session, session.config, { entityId: "counted" }), { there: true });
    assert.equal(await target.killSessions!(session, session.config, lease), 2);
    assert.equal(await target.killSessions!(session, session.config, lease), 0);
    await target.drop(session, session.config, lease);
  });

  test("is not proven by the statement while a session outlives its role", async () => {
    const config = target.config.parse({
      ...orders.admin,
      creationStatement: HOLDS_NOTHING,
    });
    const deadline = new Date((await target.clock!(session)).getTime() + 8000);
    const account = { username: "outlived", password: "p".repeat(48), expiresAt: deadline, deadline, mark: "m" };
    const lease = await target.create(session, config, account);
    await orders.open({ user: "outlived", password: "p".repeat(48) });
    assert.equal(await target.revoke!(session, config, lease), "there");
    assert.equal(await target.drop(session, config, lease), "unknown");
    assert.equal(await target.killSessions!(session, config, lease), 1);
    assert.equal(await target.exists(session, config, lease), false);
  });

  test("cuts a running query: its client sees 57P01 within two seconds", async () => {
    const lease = await issue("running");
    const client = await orders.open({ user: "running", password: "p".repeat(48) });
    let code = "";
    client.query("SELECT pg_sleep(600)").catch((error) => (code = error.code));
    const from = performance.now();
    await until(async () => (await target.killSessions!(session, session.config, lease)) === 0);
    await until(async () => code === "57P01");
    assert.ok(performance.now() - from < 2000);
    await target.drop(session, session.config, lease);
  });
});
