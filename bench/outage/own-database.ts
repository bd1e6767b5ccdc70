/**
 * The server's own database is cut off in the midst of transactions, again and again.
 *
 * R19. Every 200 is checked against the store itself at once; what was acknowledged, and what was left behind, at the end.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Orders, startOrders } from "../../e2e/testing/orders.ts";
import { until } from "../../e2e/testing/server.ts";
import { startProxy } from "../proxy/proxy.ts";
import { openGround, type Query, startStore } from "../rig/ground.ts";
import { type Held, live } from "../rig/journal.ts";
import { tellReplies } from "../rig/replies.ts";
import type { Report } from "../rig/report.ts";
import { settle, tellKept, tellRest } from "../rig/settle.ts";
import { type Cut, createCutter, type Plan, points } from "./cuts.ts";
import { scenario } from "./scenario.ts";

/** The transactions of a lease's life, by the audit event that each writes. */
const events = [
  "lease.requested",
  "lease.issued",
  "lease.renewed",
  "lease.revoke-requested",
  "lease.expired",
  "lease.gone",
];
/** A point that does not come up within this is passed over. */
const COMES_UP_MS = 10_000;
const READY_MS = 10_000;
/** Claims are kept for 60 s; a lost create is looked for for 48 s more. */
const SETTLE_SECONDS = 120;

/** Every point in turn, and at commits every kind of transaction. */
function plans(count: number): Plan[] {
  const all: Plan[] = points.flatMap((point): Plan[] =>
    point.startsWith("commit") ? events.map((event) => ({ point, event })) : [{ point }, { point }],
  );
  return Array.from({ length: count }, (_, at) => ({ ...all[at % all.length]!, after: Math.floor(Math.random() * 4) }));
}

export const ownDatabase = scenario({
  name: "own-database",
  does: "connections to the server's own database are cut at each point of its transactions",
  flags: {
    cuts: { usual: 60, says: "how many" },
    callers: { usual: 6, says: "concurrent callers" },
    away: { usual: 0.3, says: "share of cuts after which the database is away for up to 3 s" },
  },
  async run({ cuts, callers, away }, report) {
    const orders = await startOrders();
    const store = await startStore();
    const proxy = await startProxy(store);
    const ground = await openGround({ orders: { orders, at: orders } }, { store, at: proxy });
    const node = ground.nodes[0]!;
    const pid = node.pid();
    try {
      const hasty: string[] = [];
      const living = live(callers, () => Math.random() * 100, {
        caller: ground.caller,
        url: () => node.url,
        secrets: ["orders"],
        // Some outlive the run: they are what may be lost.
        ttl: () => (Math.random() < 0.15 ? 3_600 : 1 + Math.floor(Math.random() * 8)),
        renew: { share: 0.4, seconds: 2 },
        revoke: { share: 0.5 },
        issued: (lease) => checkIssued(store.query, orders, lease, hasty),
        revoked: (lease) => checkRevoked(orders, lease, hasty),
      });
      const cutter = createCutter();
      proxy.watch(cutter.hook);
      const made: Cut[] = [];
      let slowest = 0;
      for (const plan of plans(cuts)) {
        await pause(Math.random() * 300);
        const cut = await cutter.cut(plan, AbortSignal.timeout(COMES_UP_MS)).catch(() => null);
        if (cut) made.push(cut);
        if (cut && Math.random() < away) {
          // Refused is known at once; what is held arrives later, as if nothing had been.
          await proxy.set(Math.random() < 0.5 ? "refuse" : "black-hole");
          await pause(Math.random() * 3_000);
          await proxy.set("pass");
        }
        const began = performance.now();
        await until(READY_MS, () => ground.caller.ready(node.url), "the server is not ready again");
        slowest = Math.max(slowest, performance.now() - began);
      }
      proxy.watch(null);
      await living.stop();
      report.note(`${made.length} cuts are made; waiting for rest`);
      tellCuts(report, made, cuts);
      report.tell("slowest to be ready again, ms", slowest);
      tellRest(report, await settle(store.query, [orders], SETTLE_SECONDS), SETTLE_SECONDS);
      report.none("answers of 200 without what they say", hasty);
      await tellKept(report, store.query, () => orders, living.held);
      const lives = node.pid() === pid && (await ground.caller.ready(node.url));
      report.check("the server lives and is ready", String(lives), "true", lives);
      tellReplies(report, ground.caller);
      report.keep("node.log", node.output());
    } finally {
      await ground.close();
      await proxy.stop();
      await orders.stop();
    }
  },
});

/** A lease that was just handed out is durable, and its account is there. */
async function checkIssued(store: Query, orders: Orders, lease: Held, hasty: string[]): Promise<void> {
  const [row] = await store("select state, reason, expires_at <= now() as over from leases where id = $1", [lease.id]);
  const durable = row !== undefined && (row.state === "active" || row.reason === "expired");
  if (!durable) hasty.push(`create of ${lease.id}: ${JSON.stringify(row ?? "no row")}`);
  if (durable && !row.over && (await orders.login(lease)) !== "accepted") hasty.push(`create of ${lease.id}: no login`);
}

/** An account whose revocation was just answered with success is gone. */
async function checkRevoked(orders: Orders, lease: Held, hasty: string[]): Promise<void> {
  const found = await orders.query("select from pg_roles where rolname = $1", [lease.username]);
  if (found.length > 0) hasty.push(`revocation of ${lease.id}: the account is there`);
}

function tellCuts(report: Report, made: Cut[], wanted: number): void {
  const counts = new Map<string, number>();
  for (const { point, events: written, alone } of made) {
    const of = `${written.join(" and ")}${alone ? ", alone" : ""}`;
    const what = point.startsWith("commit") ? `${point} of ${of}` : point;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  report.check("cuts made", made.length, `>= ${0.9 * wanted}`, made.length >= 0.9 * wanted);
  for (const [what, count] of [...counts].sort()) report.tell(`cuts, ${what}`, count);
}
