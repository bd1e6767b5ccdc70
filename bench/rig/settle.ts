/** When everything has come to rest: what the store says lives, and what the targets hold. */
import { setTimeout as pause } from "node:timers/promises";
import type { Orders } from "../../e2e/testing/orders.ts";
import type { Query } from "./ground.ts";
import type { Held } from "./journal.ts";
import type { Report } from "./report.ts";

/** The difference between store and targets. */
export interface Rest {
  /** Until it came to rest; null when it did not. */
  seconds: number | null;
  /** Rows that are on their way, or active past their end. */
  unfinished: Record<string, unknown>[];
  /** Accounts without a live lease. */
  orphans: string[];
  /** Live leases without an account. */
  missing: string[];
}

const UNFINISHED = `select id, username, state, attempts, error_class, error, reason, due_at - now() as due_in, expires_at from leases
  where state in ('intended', 'revoking') or (state = 'active' and expires_at < now())`;

/** Waits for rest, so many seconds at most. */
export async function settle(store: Query, targets: Orders[], limitSeconds: number): Promise<Rest> {
  const began = performance.now();
  for (;;) {
    const unfinished = await store(UNFINISHED);
    const active = await store("select username from leases where state = 'active'");
    const live = new Set(active.map(({ username }) => String(username)));
    const roles = new Set((await Promise.all(targets.map((target) => target.roles()))).flat());
    const orphans = [...roles].filter((role) => !live.has(role));
    const missing = [...live].filter((name) => !roles.has(name));
    const seconds = (performance.now() - began) / 1_000;
    const rests = unfinished.length + orphans.length + missing.length === 0;
    if (rests || seconds > limitSeconds) return { seconds: rests ? seconds : null, unfinished, orphans, missing };
    await pause(200);
  }
}

/** Says how it came to rest; `of` is said before each line where there are several rests. */
export function tellRest(report: Report, rest: Rest, limitSeconds: number, of = ""): void {
  report.check(`${of}settled after, s`, rest.seconds, `<= ${limitSeconds}`, rest.seconds !== null);
  report.none(`${of}leases that do not end`, rest.unfinished);
  report.none(`${of}orphan accounts`, rest.orphans);
  report.none(`${of}live leases without an account`, rest.missing);
}

/** Says whether every answer that was given still holds; to be asked once all is at rest. */
export async function tellKept(
  report: Report,
  store: Query,
  orders: (lease: Held) => Orders,
  held: Held[],
): Promise<void> {
  const rows = await store("select id, state, reason, expires_at, now() as now from leases");
  const found = new Map(rows.map((row) => [String(row.id), row]));
  const lost: string[] = [];
  const undone: string[] = [];
  const short: string[] = [];
  let alive = 0;
  for (const lease of held) {
    const row = found.get(lease.id);
    if (!row) lost.push(`${lease.id}: no row`);
    else if (lease.end === "no") {
      const ended = row.state !== "active" && row.reason !== "expired";
      // A little room: the answer's time is rounded to milliseconds, the row's is not.
      const early = (row.expires_at as Date).getTime() < lease.expireAt.getTime() - 1;
      if (ended) lost.push(`${lease.id}: ${row.state}, ${row.reason}`);
      if (early) short.push(lease.id);
      if (row.state !== "active") continue;
      alive += 1;
      if ((await orders(lease).login(lease)) !== "accepted") lost.push(`${lease.id}: does not log in`);
    } else if (lease.end !== "asked") {
      if (row.state !== "gone") undone.push(`${lease.id}: ${lease.end}, and ${row.state}`);
      else if ((await orders(lease).login(lease)) === "accepted") undone.push(`${lease.id}: logs in`);
    }
  }
  report.tell("leases answered", held.length);
  report.tell("of them live at the end, and log in", alive);
  report.none("acknowledged leases lost", lost);
  report.none("acknowledged renewals lost", short);
  report.none("acknowledged revocations undone", undone);
}
