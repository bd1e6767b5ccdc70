/**
 * The admin's password is changed behind the server's back; later the configuration follows.
 *
 * R14. Failed logins are counted on the wire, from the target's own refusals, over all nodes.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { startOrders } from "../../e2e/testing/orders.ts";
import { startProxy } from "../proxy/proxy.ts";
import { place } from "../rig/caller.ts";
import { openGround } from "../rig/ground.ts";
import { every } from "../rig/pace.ts";
import { tellReplies } from "../rig/replies.ts";
import { settle, tellRest } from "../rig/settle.ts";
import { scenario } from "./scenario.ts";

/** The field of PostgreSQL's ErrorResponse that holds the code of a refused password. */
const REFUSED = Buffer.from("\0C28P01\0");
const WINDOW_MS = 300_000;
const AT_MOST = 3;
const WANTED_SECONDS = 60;
const SETTLE_SECONDS = 420;

/** The most of them that lie within one window. */
function most(times: number[], windowMs: number): number {
  return Math.max(0, ...times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length));
}

export const wrongPassword = scenario({
  name: "wrong-password",
  does: "the admin's password is changed on the target while leases fall due, and later in the configuration",
  flags: {
    minutes: { usual: 1, says: "how long it is wrong" },
    leases: { usual: 50, says: "leases that fall due meanwhile" },
    nodes: { usual: 2, says: "nodes of the server" },
  },
  async run({ minutes, leases, nodes }, report) {
    const orders = await startOrders();
    const proxy = await startProxy(orders);
    const ground = await openGround({ orders: { orders, at: proxy } }, { nodes });
    const failed: number[] = [];
    proxy.watch((chunk, direction) => {
      if (direction === "to-client" && chunk.includes(REFUSED)) failed.push(Date.now());
      return "pass";
    });
    try {
      const { caller } = ground;
      const names: string[] = [];
      for (let made = 0; made < leases; made += 1) {
        const ttl = Math.ceil(leases * 0.06 + 1 + (made / leases) * (minutes * 60 - 4));
        const { lease, status, error } = await caller.create(ground.anyUrl(), "orders", ttl);
        if (!lease) throw new Error(`a lease could not be made: ${status} ${error}`);
        names.push(lease.username);
      }
      const password = randomBytes(18).toString("hex");
      await orders.query(`alter role ${orders.admin.username} password '${password}'`);
      await orders.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [
        orders.admin.username,
      ]);
      report.note("the password is another one now");
      const given: string[] = [];
      const asking = every(5_000, async () => {
        const { lease } = await caller.create(ground.anyUrl(), "orders", 60);
        if (lease) given.push(lease.id);
      });
      await pause(minutes * 60_000);
      await asking();
      const left = (await orders.query("select from pg_roles where rolname = any($1)", [names])).length;
      const wrong = [...failed];

      const edited = Date.now();
      const inputs = { password };
      const edit = await caller.send(
        ground.anyUrl(),
        "PATCH",
        "/api/v1/dynamic-secrets/orders",
        { ...place, data: { inputs } },
        { as: "edit" },
      );
      if (edit.status !== 200) throw new Error(`the configuration could not be edited: ${edit.status} ${edit.error}`);
      let seconds: number | null = null;
      while (seconds === null && Date.now() - edited < SETTLE_SECONDS * 1_000) {
        const rows = await orders.query("select from pg_roles where rolname = any($1)", [names]);
        if (rows.length === 0) seconds = (Date.now() - edited) / 1_000;
        await pause(50);
      }
      report.tell("accounts overdue at the edit", left);
      report.tell("failed logins while it was wrong", wrong.length);
      const worst = most(wrong, WINDOW_MS);
      report.check("the most of them in 5 minutes, all nodes", worst, `<= ${AT_MOST}`, worst <= AT_MOST);
      report.tell("failed logins after the edit", failed.length - wrong.length);
      const soon = seconds !== null && seconds <= WANTED_SECONDS;
      report.check("last one gone after the edit, s", seconds, `<= ${WANTED_SECONDS}`, soon);
      report.none("creates that were answered while it was wrong", given);
      tellRest(report, await settle(ground.store, [orders], SETTLE_SECONDS), SETTLE_SECONDS);
      tellReplies(report, caller);
      for (const [at, node] of ground.nodes.entries()) report.keep(`node-${at + 1}.log`, node.output());
    } finally {
      await ground.close();
      await proxy.stop();
      await orders.stop();
    }
  },
});
