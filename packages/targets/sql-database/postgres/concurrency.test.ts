import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { loopback, type Orders, startOrders } from "../../testing/orders.ts";
import { until } from "../../testing/test-target.ts";
import target from "../index.ts";
import type { Session } from "./session.ts";

const MANY = 32;

describe("32 at once with the seed's statements", () => {
  let orders: Orders;
  let clean: string[];
  before(async () => {
    orders = await startOrders();
    clean = await orders.snapshot();
  });
  after(() => orders?.stop());

  for (const who of ["superuser", "admin"] as const) {
    test(`as ${who}: 32 working logins, then 32 open sessions cut and no role left`, async () => {
      const config = target.config.parse(orders[who]);
      const sessions: Session[] = await Promise.all(
        Array.from({ length: MANY }, () => target.connect(config, loopback())),
      );
      const all = <T>(work: (session: Session, i: number) => Promise<T>) => Promise.all(sessions.map(work));
      const now = await target.clock!(sessions[0]!);
      const issued = await all((session, i) =>
        target.create(session, config, {
          username: `${who}-${i}`,
          password: "p".repeat(48),
          expiresAt: new Date(now.getTime() + 60_000),
          deadline: new Date(now.getTime() + 8000),
          mark: `dayfly test ${i}`,
        }),
      );
      let open = 0;
      for (const { data } of issued) {
        assert.equal(await target.login(config, data, loopback()), "accepted");
        const client = await orders.open({ user: data.DB_USERNAME, password: data.DB_PASSWORD });
        open += 1;
        client.on("end", () => (open -= 1));
        client.query("SELECT pg_sleep(600)").catch(() => {});
      }
      const from = performance.now();
      const advice = await all(async (session, i) => {
        const entity = issued[i]!;
        await target.fence!(session, config, entity);
        await until(async () => (await target.killSessions!(session, config, entity)) === 0);
        const failure = await target.revoke!(session, config, entity).then(
          () => undefined,
          (error: unknown) => target.explain(error),
        );
        await target.drop(session, config, entity);
        assert.equal(await target.exists(session, config, entity), false);
        return failure;
      });
      await until(async () => open === 0);
      assert.ok(performance.now() - from < 4000);
      for (const failure of advice) assert.match(failure!, /\(2BP01\)$/);
      await all((session) => target.close(session));
      const left = await orders.snapshot();
      assert.deepEqual(
        left.filter((line) => !clean.includes(line)),
        [],
      );
    });
  }
});
