import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { Account, Net } from "../../index.ts";
import { loopback, type Orders, SEED, startOrders } from "../../testing/orders.ts";
import { assertSame, thrown, until } from "../../testing/test-target.ts";
import target from "../index.ts";
import type { Session } from "./session.ts";

const LOGGING = { logging_collector: "on", log_min_error_statement: "error", log_min_messages: "warning" };

describe("create", () => {
  let orders: Orders;
  let session: Session;
  let clean: string[];
  before(async () => {
    orders = await startOrders({ settings: LOGGING });
    clean = await orders.snapshot();
    session = await target.connect(target.config.parse(orders.admin), loopback());
  });
  after(async () => {
    await target.close(session);
    await orders?.stop();
  });

  const account = async (username: string, seconds = 8): Promise<Account> => {
    const deadline = new Date((await target.clock!(session)).getTime() + seconds * 1000);
    return { username, password: `Pw-${"p".repeat(45)}`, expiresAt: deadline, deadline, mark: "dayfly 7 lease 8" };
  };

  test("marks the role, and sets the end that it was given", async () => {
    const wanted = await account("marked");
    const issued = await target.create(session, session.config, wanted);
    const [row] = await orders.query(
      "SELECT shobj_description(oid, 'pg_authid') AS mark, rolvaliduntil, rolpassword FROM pg_authid WHERE rolname = 'marked'",
    );
    assert.equal(row!.mark, wanted.mark);
    assert.deepEqual(row!.rolvaliduntil, wanted.expiresAt);
    assert.match(String(row!.rolpassword), /^SCRAM-SHA-256\$4096:/);
    assert.deepEqual(issued.where, { host: "127.0.0.1", port: orders.server.port, database: "orders", tls: false });
    await target.drop(session, session.config, issued);
  });

  test("takes the number of rounds from the config, and such a login works", async () => {
    const config = target.config.parse({ ...orders.admin, scramIterations: 1 });
    const issued = await target.create(session, config, await account("one-round"));
    const [row] = await orders.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'one-round'");
    assert.match(String(row!.rolpassword), /^SCRAM-SHA-256\$1:/);
    assert.equal(await target.login(config, issued.data, loopback()), "accepted");
    await target.drop(session, config, issued);
  });

  test("a statement that fails puts no password into the server's log", async () => {
    const config = target.config.parse({ ...orders.admin, creationStatement: `${SEED.creationStatement}; SELECT 1/0` });
    const wanted = await account("logged");
    await assert.rejects(target.create(session, config, wanted), /part 4 of 4/);
    const [log] = await orders.query("SELECT pg_read_file(pg_current_logfile()) AS text");
    assert.match(String(log!.text), /CREATE ROLE "logged"/);
    assert.ok(!String(log!.text).includes(wanted.password));
  });

  test("a grant that PostgreSQL only warns of fails the lease and leaves nothing", async () => {
    await orders.query(
      "CREATE SCHEMA others; CREATE TABLE others.t (id int); GRANT USAGE ON SCHEMA others TO dayfly_admin; GRANT SELECT ON others.t TO dayfly_admin",
    );
    const config = target.config.parse({
      ...orders.admin,
      creationStatement: `${SEED.creationStatement}; GRANT SELECT ON others.t TO "{{username}}"`,
    });
    await assert.rejects(target.create(session, config, await account("warned")), /grants nothing.*01007/);
    await orders.query("DROP SCHEMA others CASCADE");
    assertSame(await orders.snapshot(), clean);
  });

  test("a name that PostgreSQL would cut is refused", async () => {
    for (const name of ["", "x".repeat(64), "é".repeat(32)]) {
      await assert.rejects(target.create(session, session.config, await account(name)), /1 to 63 bytes/);
    }
    const issued = await target.create(session, session.config, await account("x".repeat(63)));
    assert.equal(await target.exists(session, session.config, issued), true);
    await target.drop(session, session.config, issued);
  });

  test("a statement that adopts a role which is there is refused, and the role is untouched", async () => {
    await orders.query("CREATE ROLE settled LOGIN PASSWORD 'settled'");
    const before = await orders.snapshot();
    const config = target.config.parse({
      ...orders.admin,
      creationStatement: `ALTER ROLE "{{username}}" PASSWORD '{{password}}'`,
    });
    await assert.rejects(target.create(session, config, await account("settled")), { name: "NameTaken" });
    assertSame(await orders.snapshot(), before);
    await orders.query("DROP ROLE settled");
  });

  test("another thing of that name is no taken name", async () => {
    await orders.query("CREATE SCHEMA there");
    const config = target.config.parse({
      ...orders.superuser,
      creationStatement: `${SEED.creationStatement}; CREATE PUBLICATION p; CREATE PUBLICATION p`,
    });
    const admin = await target.connect(config, loopback());
    await assert.rejects(target.create(admin, config, await account("free")), /\(CREATE\): .*in use \(42710\)/);
    await target.close(admin);
    await orders.query("DROP SCHEMA there");
  });

  test("a server that is slow past the deadline makes nothing", async () => {
    const config = target.config.parse({
      ...orders.admin,
      creationStatement: `${SEED.creationStatement}; SELECT pg_sleep(30)`,
    });
    const from = performance.now();
    const error = await thrown(target.create(session, config, await account("slow", 1)));
    assert.equal(target.classify(error), "busy");
    assert.ok(performance.now() - from < 3000);
    assertSame(await orders.snapshot(), clean);
  });

  test("a node that sleeps before its commit makes nothing, and does not keep others from the lock", async () => {
    const sleeper = await target.connect(session.config, holding("COMMIT"));
    const lost = thrown(target.create(sleeper, session.config, await account("sleeper", 1)));
    const from = performance.now();
    const issued = await target.create(session, session.config, await account("awake"));
    assert.ok(performance.now() - from < 4000);
    assert.equal(target.classify(await lost), "unreachable");
    await target.drop(session, session.config, issued);
    assertSame(await orders.snapshot(), clean);
    await target.close(sleeper);
  });

  test("a node that wakes up late cannot commit", async () => {
    const late = await account("woken", 1);
    const sleeper = await target.connect(
      session.config,
      holding("COMMIT", async () => {
        await until(async () => (await target.clock!(session)) > late.deadline, 3000);
      }),
    );
    assert.notEqual(await thrown(target.create(sleeper, session.config, late)), undefined);
    await target.close(sleeper);
    await until(async () => !(await target.exists(session, session.config, { entityId: "woken" })));
    assertSame(await orders.snapshot(), clean);
  });

  test("a thousand hostile names and values: each makes exactly the role of that name", async () => {
    const config = target.config.parse({
      ...orders.admin,
      scramIterations: 1,
      creationStatement: `CREATE ROLE "{{username}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';
        SELECT E'{{password}}{{username}}', '{{username}}{{database}}'; GRANT team TO "{{username}}"`,
    });
    await orders.query("CREATE ROLE team; GRANT team TO dayfly_admin WITH ADMIN OPTION");
    const bits = [
      "'",
      '"',
      "\\",
      ";",
      "--",
      "/*",
      "$$",
      "$&",
      "{{password}}",
      "{{",
      "}}",
      "\n",
      "\t",
      " ",
      "é",
      "😀",
      "'; DROP TABLE orders; --",
      '" SUPERUSER "',
      "a",
      "%s",
    ];
    const hostile = fc.array(fc.constantFrom(...bits), { minLength: 1, maxLength: 12 }).map((parts) => parts.join(""));
    const names = new Set<string>();
    for (const name of fc.sample(hostile, { numRuns: 4000, seed: 7 })) {
      if (Buffer.byteLength(name) <= 63 && names.size < 1000) names.add(name);
    }
    assert.equal(names.size, 1000);
    const base = await account("x", 120);
    for (const username of names) {
      const password = `p${username.replace(/[^!-~]/g, "")}`;
      const issued = await target.create(session, config, { ...base, username, password, mark: username });
      assert.equal(issued.entityId, username);
    }
    const made = await orders.query(
      "SELECT rolname, rolsuper, shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolvaliduntil IS NOT NULL",
    );
    assert.deepEqual(new Set(made.map(({ rolname }) => rolname)), names);
    for (const { rolname, rolsuper, mark } of made) assert.deepEqual([rolsuper, mark], [false, rolname]);
    const sample = [...names].slice(0, 15);
    for (const entityId of sample) {
      await target.renew!(session, config, { entityId }, new Date(base.expiresAt.getTime() + 1000));
      await target.fence!(session, config, { entityId });
      await target.killSessions!(session, config, { entityId });
      await target.revoke!(session, config, { entityId }).catch((error) => assert.match(error.message, /2BP01/));
      await target.drop(session, config, { entityId });
      assert.equal(await target.exists(session, config, { entityId }), false);
    }
    await orders.query(`DO $$ DECLARE r text; BEGIN FOR r IN SELECT rolname FROM pg_roles WHERE rolvaliduntil IS NOT NULL LOOP
      EXECUTE format('DROP OWNED BY %I', r); EXECUTE format('DROP ROLE %I', r); END LOOP; END $$`);
    await orders.query("DROP ROLE team");
    assertSame(await orders.snapshot(), clean);
  });
});

/** A net whose socket holds back what contains `text`: for ever, or until something has come about. */
function holding(text: string, until: () => Promise<void> = () => new Promise(() => {})): Net {
  const net = loopback();
  return {
    ...net,
    async dial(host, port) {
      const socket = await net.dial(host, port);
      const write = socket.write.bind(socket) as (data: Buffer | string) => boolean;
      const held = (data: Buffer | string) => {
        if (!data.toString().includes(text)) return write(data);
        until().then(() => write(data));
        return true;
      };
      return Object.assign(socket, { write: held });
    },
  };
}
