/**
 * Three nodes on one store, one killed each minute and one stopped: nothing twice, nothing missed.
 *
 * R11. A lease is *disturbed* when a node was killed or stopped between the moment at which its end began and that at which
 * it was over: only then may somebody have died with it in hand.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Orders } from "../../e2e/testing/orders.ts";
import type { Ground, Query } from "../rig/ground.ts";
import { type Held, holding } from "../rig/journal.ts";
import { every } from "../rig/pace.ts";
import { quantile, type Report } from "../rig/report.ts";
import { usableLate, type Watch, watchRoles } from "../rig/roles.ts";
import { twiceInAudit, watchRows } from "../rig/rows.ts";
import { settle, tellKept, tellRest } from "../rig/settle.ts";
import { AHEAD_SECONDS, type Disturbance, makeTrouble } from "./trouble.ts";

const MOST_ATTEMPTS = 1.01;
const LATE_SECONDS = 5;
/** What a dead node had claimed falls due again after 60 s. */
const LONGEST_LAG_SECONDS = 75;
const SETTLE_SECONDS = 120;
/** Leases that are due at the moment at which a node is killed or stopped. */
const BUNCH = 24;
/** Some creates meet a node that is away. */
const MORE = 1.3;

/** Runs it for so many minutes. */
export async function chaos(
  report: Report,
  ground: Ground,
  orders: Orders,
  asked: { minutes: number; leases: number; stopSeconds: number },
): Promise<void> {
  const roles = watchRoles(orders, 50);
  const rows = watchRows(ground.store, 1_000);
  const common = { caller: ground.caller, url: ground.anyUrl, secrets: ["orders"] };
  const { held, once } = holding({
    ...common,
    ttl: () => (Math.random() < 0.02 ? 3_600 : 2 + Math.floor(Math.random() * 29)),
    renew: { share: 0.2, seconds: 5 },
    revoke: { share: 0.2 },
  });
  const load = every((asked.minutes * 60_000) / asked.leases / MORE, once);
  const bunches = holding({ ...common, ttl: () => AHEAD_SECONDS });
  const makeBunch = async (): Promise<void> => {
    await Promise.all(Array.from({ length: BUNCH }, bunches.once));
  };
  const disturbances = await makeTrouble(ground.nodes, asked, makeBunch, (text) => report.note(text));
  await load();
  held.push(...bunches.held);
  report.note(`${held.length} leases answered; waiting for their ends`);
  await ended(ground.store);
  const rest = await settle(ground.store, [orders], SETTLE_SECONDS);
  await Promise.all([roles.stop(), rows.stop()]);

  report.check("chaos: leases answered", held.length, `>= ${asked.leases}`, held.length >= asked.leases);
  report.tell("chaos: nodes killed", disturbances.filter(({ what }) => what === "killed").length);
  report.tell("chaos: nodes stopped", disturbances.filter(({ what }) => what === "stopped").length);
  tellRest(report, rest, SETTLE_SECONDS, "chaos: ");
  report.none("chaos: accounts made twice", [...roles.doubled]);
  report.none("chaos: accounts that came back", [...roles.revived]);
  report.none("chaos: leases that went back", rows.backwards);
  report.none("chaos: acts told twice", await twiceInAudit(ground.store));
  await tellEnds(report, ground.store, roles, held, disturbances);
  await tellKept(report, ground.store, () => orders, held);
}

/** Until every lease with a short life is due. */
async function ended(store: Query): Promise<void> {
  const WAITING =
    "select from leases where state = 'active' and expires_at between now() and now() + interval '10 minutes'";
  while ((await store(WAITING)).length > 0) await pause(500);
}

async function tellEnds(
  report: Report,
  store: Query,
  roles: Watch,
  held: Held[],
  disturbances: Disturbance[],
): Promise<void> {
  const gone = await store(
    "select username, attempts, reason, error_class, error, revoking_at, gone_at, expires_at from leases where state = 'gone'",
  );
  const calm = gone.filter(({ revoking_at, gone_at }) => {
    const [from, to] = [(revoking_at as Date).getTime(), (gone_at as Date).getTime()];
    return !disturbances.some(({ at }) => at >= from && at <= to);
  });
  const attempts = (rows: Record<string, unknown>[]): number =>
    rows.reduce((sum, row) => sum + Number(row.attempts), 0) / Math.max(1, rows.length);
  const average = attempts(calm);
  const wanted = `<= ${MOST_ATTEMPTS}`;
  report.check(`attempts a lease, undisturbed (n=${calm.length})`, average, wanted, average <= MOST_ATTEMPTS);
  for (const row of calm.filter((each) => Number(each.attempts) > 1).slice(0, 5)) {
    report.note(`more than one attempt: ${JSON.stringify(row)}`);
  }
  const again = gone.filter((row) => Number(row.attempts) > 1).length;
  report.tell(`attempts a lease, all (n=${gone.length})`, attempts(gone));
  report.tell("leases taken over from a node that was away", again);

  const calmNames = new Set(calm.map(({ username }) => String(username)));
  const lags: number[] = [];
  const missed: string[] = [];
  for (const row of gone) {
    const end = roles.lives.get(String(row.username))?.ended;
    if (row.reason !== "expired" || end == null) continue;
    const lag = (end - (row.expires_at as Date).getTime()) / 1_000;
    lags.push(lag);
    if (lag > LATE_SECONDS && calmNames.has(String(row.username))) missed.push(`${row.username}: ${lag} s`);
  }
  report.tell(`due to ended, s, p50 (n=${lags.length})`, quantile(lags, 0.5));
  report.tell("due to ended, s, p99", quantile(lags, 0.99));
  const longest = Math.max(0, ...lags);
  const limit = `<= ${LONGEST_LAG_SECONDS}`;
  report.check("due to ended, s, longest", longest, limit, longest <= LONGEST_LAG_SECONDS);
  report.none("undisturbed accounts that stood 5 s after their end", missed);
  report.none("credentials usable later than 5 s after their end", usableLate(roles, held));
}
