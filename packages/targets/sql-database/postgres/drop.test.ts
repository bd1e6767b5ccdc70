import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { messagesOf } from "../../testing/messages.ts";
import { loopback, type Orders, startOrders } from "../../testing/orders.ts";
import { assertSame, thrown } from "../../testing/test-target.ts";
import target from "../index.ts";
import type { Session } from "./session.ts";

const ADMIN = "dayfly_admin";

/** What a lease may hold or own, as SQL of the admin (`by` another) in `orders` and two more databases; `x` is its role. */
const SHAPES: Record<string, { sql: string; by?: "superuser"; also?: string[]; keeps?: RegExp }> = {
  "table grants": { sql: "GRANT SELECT, INSERT ON customers, orders TO x" },
  "schema usage": { sql: "GRANT USAGE, CREATE ON SCHEMA public TO x" },
  "column grants": { sql: "GRANT SELECT (id), UPDATE (name) ON customers TO x" },
  "database grants": { sql: "GRANT CONNECT, TEMPORARY ON DATABASE orders TO x" },
  "routine and type grants": { sql: "GRANT EXECUTE ON FUNCTION f() TO x; GRANT USAGE ON TYPE shade TO x" },
  "default privileges for it": { sql: "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO x" },
  "default privileges of its own": { sql: "ALTER DEFAULT PRIVILEGES FOR ROLE x GRANT SELECT ON TABLES TO PUBLIC" },
  "owned tables": {
    by: "superuser",
    sql: "CREATE TABLE mine (id serial PRIMARY KEY); ALTER TABLE mine OWNER TO x",
    keeps: /mine/,
  },
  "owned functions": {
    by: "superuser",
    sql: "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION mine() OWNER TO x",
    keeps: /mine\(\)/,
  },
  "an owned schema with a view in it": {
    by: "superuser",
    sql: "CREATE SCHEMA mine; CREATE VIEW mine.v AS SELECT * FROM customers; ALTER VIEW mine.v OWNER TO x; ALTER SCHEMA mine OWNER TO x",
    keeps: /mine/,
  },
  "grants in three databases": {
    sql: "GRANT SELECT ON customers TO x",
    also: ["GRANT SELECT ON t TO x; GRANT CONNECT ON DATABASE second TO x", "GRANT USAGE ON SCHEMA public TO x"],
  },
  "memberships and grants that it passed on": {
    sql: "GRANT team TO x WITH ADMIN OPTION; GRANT SELECT ON customers TO x WITH GRANT OPTION; SET ROLE x; GRANT SELECT ON customers TO team; RESET ROLE",
  },
  "a row policy that names it": { sql: "CREATE POLICY p ON orders TO x USING (true)" },
};

describe("a role is dropped with all that it holds and owns", () => {
  let orders: Orders;
  before(async () => {
    orders = await startOrders();
    for (const name of ["second", "third"]) {
      await orders.query(`CREATE DATABASE ${name} OWNER ${ADMIN}`);
      await orders.query("CREATE TABLE t (id int)", {
        database: name,
        user: ADMIN,
        password: String(orders.admin.password),
      });
    }
    await asAdmin(
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE shade AS ENUM ('dark'); CREATE ROLE team",
    );
    await orders.query("CREATE SCHEMA others; CREATE TABLE others.things (id int)");
  });
  after(() => orders?.stop());

  const asAdmin = (sql: string, database = "orders") =>
    orders.query(sql, { database, user: ADMIN, password: String(orders.admin.password) });

  /** Makes a role, does something to it, and drops it. */
  async function life(
    name: string,
    change: Record<string, unknown>,
    act: () => Promise<void>,
    then: (session: Session) => Promise<void>,
  ) {
    const config = target.config.parse({
      ...orders.admin,
      creationStatement: `CREATE ROLE "{{username}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'`,
      ...change,
    });
    const session = await target.connect(config, loopback());
    const deadline = new Date((await target.clock!(session)).getTime() + 8000);
    const account = { username: name, password: "p".repeat(48), expiresAt: deadline, deadline, mark: "m" };
    try {
      await target.create(session, config, account);
      await act();
      await then(session);
    } finally {
      await target.close(session);
      // Should the fact fail, the next one finds the server as it was.
      await orders.query(
        `DO $$ BEGIN IF to_regrole('${name}') IS NOT NULL THEN DROP OWNED BY ${name} CASCADE; DROP ROLE ${name}; END IF; END $$`,
      );
    }
  }

  for (const [title, { sql, by, also = [], keeps }] of Object.entries(SHAPES)) {
    test(title, async () => {
      const untouched = await orders.snapshot();
      const config = target.config.parse(orders.admin);
      const act = async () => {
        if (by) await orders.query(sql);
        else await asAdmin(`GRANT x TO ${ADMIN}; ${sql}`);
        for (const [i, more] of also.entries()) await asAdmin(more, ["second", "third"][i]);
      };
      await life("x", {}, act, async (session) => {
        await assert.rejects(target.revoke!(session, config, { entityId: "x" }), /\(2BP01\)/);
        assert.equal(await target.drop(session, config, { entityId: "x" }), "absent");
        assert.equal(await target.exists(session, config, { entityId: "x" }), false);
      });
      // What it owned is the admin's now, and nothing else has changed.
      const left = (await orders.snapshot()).filter((line) => !untouched.includes(line));
      for (const line of left) {
        assert.ok(keeps, line);
        assert.match(line, keeps);
        assert.match(line, new RegExp(ADMIN));
      }
      await asAdmin("DROP TABLE IF EXISTS mine; DROP FUNCTION IF EXISTS mine(); DROP SCHEMA IF EXISTS mine CASCADE");
      if (title.startsWith("a row policy")) await asAdmin("DROP POLICY IF EXISTS p ON orders");
      assertSame(await orders.snapshot(), untouched);
    });
  }

  test("what it owns is deleted where the config says so", async () => {
    const untouched = await orders.snapshot();
    const config = target.config.parse({ ...orders.admin, onOwned: "drop" });
    const act = async () => void (await orders.query(SHAPES["owned tables"]!.sql));
    await life("x", {}, act, async (session) => void (await target.drop(session, config, { entityId: "x" })));
    assertSame(await orders.snapshot(), untouched);
  });

  test("what it holds in one database goes with it in one message, and the look with that", async () => {
    const untouched = await orders.snapshot();
    const config = target.config.parse(orders.admin);
    const act = async () => void (await asAdmin("GRANT SELECT ON customers TO x; GRANT USAGE ON SCHEMA public TO x"));
    await life("x", {}, act, async (session) => {
      const messages = messagesOf(session);
      assert.equal(await target.drop(session, config, { entityId: "x" }), "absent");
      assert.equal(messages(), 1);
    });
    assertSame(await orders.snapshot(), untouched);
  });

  test("rights that a stranger granted keep it, fenced, with the SQL that the stranger must run", async () => {
    const untouched = await orders.snapshot();
    const config = target.config.parse(orders.admin);
    const act = async () => void (await orders.query("GRANT SELECT ON others.things TO x"));
    await life("x", {}, act, async (session) => {
      await target.fence!(session, config, { entityId: "x" });
      const error = (await thrown(target.drop(session, config, { entityId: "x" }))) as Error & { fix: string };
      assert.equal(error.fix, `REVOKE ALL ON TABLE others.things FROM x; -- in database "orders"`);
      assert.equal(target.classify(error), "refused");
      assert.equal(
        await target.login(config, { DB_USERNAME: "x", DB_PASSWORD: "p".repeat(48) }, loopback()),
        "refused",
      );
      await orders.query(error.fix);
      assert.equal(await target.drop(session, config, { entityId: "x" }), "absent");
    });
    assertSame(await orders.snapshot(), untouched);
  });

  test("a role that holds the admin's own role is dropped, and the admin stays", async () => {
    const untouched = await orders.snapshot();
    const { username, password } = orders.superuser;
    const act = async () => void (await orders.query("GRANT postgres TO x; GRANT SELECT ON customers TO x"));
    await life("x", { username, password }, act, async (session) => {
      assert.equal(await target.drop(session, session.config, { entityId: "x" }), "absent");
    });
    assertSame(await orders.snapshot(), untouched);
  });

  test("an admin without pg_signal_backend ends sessions and drops", async () => {
    await orders.query(`REVOKE pg_signal_backend FROM ${ADMIN}`);
    const config = target.config.parse(orders.admin);
    let over = false;
    const act = async () => {
      const client = await orders.open({ user: "x", password: "p".repeat(48) });
      client.on("end", () => (over = true));
    };
    await life("x", {}, act, async (session) => {
      assert.equal(await target.killSessions!(session, config, { entityId: "x" }), 1);
      while ((await target.killSessions!(session, config, { entityId: "x" })) > 0);
      await target.drop(session, config, { entityId: "x" });
    });
    assert.equal(over, true);
    await orders.query(`GRANT pg_signal_backend TO ${ADMIN}`);
  });

  test("a session that outlives its dropped role is found and ended by what create kept", async () => {
    const config = target.config.parse(orders.admin);
    const session = await target.connect(config, loopback());
    const deadline = new Date((await target.clock!(session)).getTime() + 8000);
    const issued = await target.create(session, config, {
      username: "y",
      password: "p".repeat(48),
      expiresAt: deadline,
      deadline,
      mark: "m",
    });
    const client = await orders.open({ user: "y", password: "p".repeat(48) });
    await orders.query("DROP OWNED BY y; DROP ROLE y");
    assert.equal(await target.exists(session, config, { entityId: "y" }), false);
    assert.equal(await target.exists(session, config, issued), true);
    assert.equal(await target.killSessions!(session, config, issued), 1);
    while ((await target.killSessions!(session, config, issued)) > 0);
    assert.equal(await target.exists(session, config, issued), false);
    await client.end();
    await target.close(session);
  });
});
