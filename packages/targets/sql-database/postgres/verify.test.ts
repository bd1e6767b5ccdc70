import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Step } from "../../index.ts";
import { loopback, type Orders, SEED, startOrders } from "../../testing/orders.ts";
import { assertSame } from "../../testing/test-target.ts";
import target from "../index.ts";

describe("verify", () => {
  let orders: Orders;
  before(async () => {
    orders = await startOrders();
    // The three grants that the seed lists, and no more.
    await orders.query(`CREATE ROLE "Seed admin" LOGIN PASSWORD 'seed-Admin-1'; GRANT CREATE ON DATABASE orders TO "Seed admin";
      GRANT USAGE ON SCHEMA public TO "Seed admin"; GRANT CREATE ON SCHEMA public TO "Seed admin"; CREATE ROLE readers; CREATE SCHEMA empty`);
  });
  after(() => orders?.stop());

  async function steps(change: Record<string, unknown> = {}): Promise<Map<string, Step>> {
    const config = target.config.parse({ ...orders.admin, ...change });
    const session = await target.connect(config, loopback());
    const untouched = await orders.snapshot();
    const found = new Map<string, Step>();
    for await (const step of target.verify(session, config)) {
      assert.ok(!found.has(step.step), `${step.step} twice`);
      found.set(step.step, step);
    }
    assertSame(await orders.snapshot(), untouched);
    await target.close(session);
    return found;
  }
  const outcomes = (found: Map<string, Step>) =>
    Object.fromEntries([...found.values()].map((step) => [step.step, step.outcome]));

  test("passes for the owner of the tables who may make roles, and says what it found", async () => {
    const found = await steps();
    assert.deepEqual(outcomes(found), {
      reach: "passed",
      tls: "warned",
      authenticate: "passed",
      server: "passed",
      statements: "warned",
      "may-create": "passed",
      "may-grant": "passed",
      "may-end-sessions": "passed",
      "may-drop": "passed",
      "not-too-much": "passed",
    });
    assert.match(found.get("may-drop")!.message, /2BP01/);
    assert.match(found.get("statements")!.message, /group role/);
  });

  test("with the seed's three grants only, it fails with the SQL that is missing; pasted, it passes", async () => {
    const admin = { username: "Seed admin", password: "seed-Admin-1" };
    const found = await steps(admin);
    assert.deepEqual(outcomes(found), {
      reach: "passed",
      tls: "warned",
      authenticate: "passed",
      server: "passed",
      statements: "warned",
      "may-create": "failed",
      "may-grant": "failed",
      "may-end-sessions": "unknown",
      "may-drop": "unknown",
      "not-too-much": "passed",
    });
    const fix = [...found.values()].flatMap((step) => step.fix ?? []).join("\n");
    assert.equal(
      fix,
      `ALTER ROLE "Seed admin" CREATEROLE;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO "Seed admin" WITH GRANT OPTION;
GRANT USAGE ON SCHEMA public TO "Seed admin" WITH GRANT OPTION;`,
    );
    await orders.query(fix);
    for (const [name, outcome] of Object.entries(outcomes(await steps(admin))))
      assert.notEqual(outcome, "failed", name);

    const config = target.config.parse({ ...orders.admin, ...admin });
    const session = await target.connect(config, loopback());
    const deadline = new Date((await target.clock!(session)).getTime() + 8000);
    const issued = await target.create(session, config, {
      username: "z",
      password: "p".repeat(48),
      expiresAt: deadline,
      deadline,
      mark: "m",
    });
    await orders.query("SELECT * FROM customers", { user: "z", password: "p".repeat(48) });
    await target.drop(session, config, issued);
    assert.equal(await target.exists(session, config, issued), false);
    await target.close(session);
  });

  test("prints the membership that the admin cannot pass on", async () => {
    const creationStatement = `CREATE ROLE "{{username}}" LOGIN PASSWORD '{{password}}'; GRANT readers TO "{{username}}";`;
    const found = await steps({ creationStatement });
    assert.equal(found.get("may-grant")!.outcome, "failed");
    const { fix } = found.get("may-grant")!;
    assert.equal(fix, 'GRANT readers TO "dayfly_admin" WITH ADMIN OPTION;');
    await orders.query(fix!);
    const mended = await steps({ creationStatement });
    assert.equal(mended.get("may-grant")!.outcome, "passed");
    assert.equal(mended.get("statements")!.outcome, "passed");
  });

  test("warns of a grant on all tables of a schema that has none", async () => {
    await orders.query("GRANT USAGE ON SCHEMA empty TO dayfly_admin");
    const creationStatement = `CREATE ROLE "{{username}}" LOGIN PASSWORD '{{password}}'; GRANT SELECT ON ALL TABLES IN SCHEMA empty TO "{{username}}";`;
    const step = (await steps({ creationStatement })).get("may-grant")!;
    assert.equal(step.outcome, "warned");
    assert.match(step.message, /grants nothing/);
  });

  const broken: [string, Record<string, unknown>, RegExp][] = [
    [
      "a syntax error",
      { creationStatement: `${SEED.creationStatement} GRAMT x` },
      /creation statement, part 4 of 4 \(GRAMT\): .*syntax error \(42601\)/,
    ],
    [
      "a table that is not there",
      { creationStatement: `${SEED.creationStatement} GRANT SELECT ON nowhere TO "{{username}}"` },
      /part 4 of 4 \(GRANT\): .*no table of that name/,
    ],
    [
      "a name outside quotes",
      { creationStatement: "CREATE ROLE {{username}} PASSWORD '{{password}}'" },
      /\{\{username\}\} at line 1, column 13 stands outside quotes.*put it in quotes/,
    ],
    [
      "a role of another name",
      { creationStatement: `CREATE ROLE "a{{username}}" PASSWORD '{{password}}'` },
      /makes no role of the name/,
    ],
    [
      "a renewal that fails",
      { renewStatement: `ALTER ROLE "{{username}}" VALID TILL '{{expiration}}'` },
      /renewal statement fails: .*syntax error/,
    ],
    [
      "a revocation that cannot be read",
      { revocationStatement: `DRP ROLE "{{username}}"` },
      /revocation statement fails: .*syntax error/,
    ],
  ];
  for (const [title, change, message] of broken) {
    test(`fails for ${title} and says where`, async () => {
      const step = (await steps(change)).get("statements")!;
      assert.equal(step.outcome, "failed");
      assert.match(step.message, message);
    });
  }

  test("warns of a superuser", async () => {
    const found = await steps({ username: orders.superuser.username, password: orders.superuser.password });
    assert.equal(found.get("not-too-much")!.outcome, "warned");
    assert.ok([...found.values()].every(({ outcome }) => outcome !== "failed"));
  });

  test("fails on a server that takes no writes", async () => {
    await orders.query("ALTER ROLE dayfly_admin SET default_transaction_read_only = on");
    const step = (await steps()).get("server")!;
    await orders.query("ALTER ROLE dayfly_admin RESET default_transaction_read_only");
    assert.equal(step.outcome, "failed");
    assert.match(step.message, /read-only/);
  });
});
