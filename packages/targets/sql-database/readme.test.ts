import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { loopback, type Orders, startOrders } from "../testing/orders.ts";
import { assertSame } from "../testing/test-target.ts";
import target from "./index.ts";

const page = readFileSync(new URL("./README.md", import.meta.url), "utf8");
const [admin, group, withGroup, without, ...others] = [...page.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql!);

describe("the page for users", () => {
  let orders: Orders;
  before(async () => {
    orders = await startOrders();
    await orders.query("CREATE ROLE app_owner");
    await orders.query("CREATE DATABASE app OWNER app_owner");
    await orders.query("CREATE TABLE public.customers (id int); ALTER TABLE public.customers OWNER TO app_owner", {
      database: "app",
    });
    await orders.query(admin!.replace("…", "printed-Admin-1"), { database: "app" });
    await orders.query(group!, { database: "app" });
  });
  after(() => orders?.stop());

  test("has no other SQL than what is tried here", () => assert.deepEqual(others, []));

  for (const [title, creationStatement, change] of [
    [
      "with the group role and the admin that it prints",
      withGroup!.split("-- revocation")[0]!,
      { username: "dayfly", password: "printed-Admin-1", database: "app" },
    ],
    ["with grants on tables and an admin who owns them", without!, {}],
  ] as const) {
    test(`works ${title}`, async () => {
      const revocationStatement = withGroup!.split("-- revocation")[1]!;
      const config = target.config.parse({ ...orders.admin, creationStatement, revocationStatement, ...change });
      const untouched = await orders.snapshot();
      const session = await target.connect(config, loopback());
      for await (const { step, outcome, message } of target.verify(session, config))
        assert.notEqual(outcome, "failed", `${step}: ${message}`);
      const deadline = new Date((await target.clock!(session)).getTime() + 8000);
      const account = {
        username: "Lease-of-the-page",
        password: "p".repeat(48),
        expiresAt: deadline,
        deadline,
        mark: "m",
      };
      const issued = await target.create(session, config, account);
      const as = { user: account.username, password: account.password, database: config.database };
      await orders.query("SELECT * FROM customers", as);
      await assert.rejects(orders.query("DELETE FROM customers", as), { code: "42501" });
      // A table that the owner makes later is covered by the group, not by grants on what there was.
      if ("database" in change) {
        await orders.query("SET ROLE app_owner; CREATE TABLE later (id int)", { database: "app" });
        await orders.query("SELECT * FROM later", as);
      }
      await target.fence!(session, config, issued);
      while ((await target.killSessions!(session, config, issued)) > 0);
      await target.revoke!(session, config, issued).catch((error) => assert.match(error.message, /2BP01/));
      await target.drop(session, config, issued);
      assert.equal(await target.exists(session, config, issued), false);
      await target.close(session);
      assertSame(await orders.snapshot(), untouched);
    });
  }
});
