/**
 * A node is stopped in the midst of its work, and goes on half a minute later as if nothing had been.
 *
 * R12. The other node works on meanwhile, and takes over what the stopped one had claimed.
 */
import { setTimeout as pause } from "node:timers/promises";
import { startOrders } from "../../e2e/testing/orders.ts";
import { openGround } from "../rig/ground.ts";
import { live } from "../rig/journal.ts";
import { tellReplies } from "../rig/replies.ts";
import { quantile } from "../rig/report.ts";
import { usableLate, watchRoles } from "../rig/roles.ts";
import { twiceInAudit, watchRows } from "../rig/rows.ts";
import { settle, tellKept, tellRest } from "../rig/settle.ts";
import { scenario } from "./scenario.ts";

/** What a node had claimed when it was stopped falls due again after 60 s. */
const LONGEST_LAG_SECONDS = 75;
/** Lost creates are looked for a last time 48 s after they began, and claims are kept for 60 s. */
const SETTLE_SECONDS = 120;

export const stopped = scenario({
  name: "stopped",
  does: "a node is stopped at a random moment under load, and goes on later",
  flags: {
    stops: { usual: 2, says: "how often" },
    seconds: { usual: 30, says: "for how long" },
    nodes: { usual: 2, says: "nodes of the server" },
    callers: { usual: 6, says: "concurrent callers" },
  },
  async run({ stops, seconds, nodes, callers }, report) {
    const orders = await startOrders();
    const ground = await openGround({ orders: { orders, at: orders } }, { nodes });
    try {
      const roles = watchRoles(orders, 50);
      const rows = watchRows(ground.store, 300);
      const living = live(callers, () => Math.random() * 150, {
        caller: ground.caller,
        url: ground.anyUrl,
        secrets: ["orders"],
        ttl: () => (Math.random() < 0.1 ? 3_600 : 1 + Math.floor(Math.random() * 10)),
        renew: { share: 0.3, seconds: 3 },
        revoke: { share: 0.4 },
      });
      for (let stop = 1; stop <= stops; stop += 1) {
        await pause(4_000 + Math.random() * 2_000);
        const node = ground.nodes[stop % nodes]!;
        process.kill(node.pid(), "SIGSTOP");
        await pause(seconds * 1_000);
        process.kill(node.pid(), "SIGCONT");
        report.note(`stop ${stop} of ${stops} is over; ${living.held.length} leases so far`);
      }
      await pause(5_000);
      await living.stop();
      const rest = await settle(ground.store, [orders], SETTLE_SECONDS);
      await Promise.all([roles.stop(), rows.stop()]);

      tellRest(report, rest, SETTLE_SECONDS);
      report.none("accounts made twice", [...roles.doubled]);
      report.none("accounts that came back", [...roles.revived]);
      report.none("leases that went back", rows.backwards);
      report.none("acts told twice", await twiceInAudit(ground.store));
      report.none("credentials usable later than 5 s after their end", usableLate(roles, living.held));
      const lags = living.held
        .filter(({ username, latest, end }) => end === "no" && roles.lives.get(username)?.ended && latest < Date.now())
        .map(({ username, latest }) => (roles.lives.get(username)!.ended! - latest) / 1_000);
      report.tell(`due to ended, s, p50 (n=${lags.length})`, quantile(lags, 0.5));
      report.tell("due to ended, s, p99", quantile(lags, 0.99));
      const longest = Math.max(0, ...lags);
      const wanted = `<= ${LONGEST_LAG_SECONDS}`;
      report.check("due to ended, s, longest", longest, wanted, longest <= LONGEST_LAG_SECONDS);
      await tellKept(report, ground.store, () => orders, living.held);
      tellReplies(report, ground.caller);
      for (const [at, node] of ground.nodes.entries()) report.keep(`node-${at + 1}.log`, node.output());
    } finally {
      // A stopped process would not hear that it should end.
      for (const node of ground.nodes) process.kill(node.pid(), "SIGCONT");
      await ground.close();
      await orders.stop();
    }
  },
});
