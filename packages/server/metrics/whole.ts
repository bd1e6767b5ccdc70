/**
 * Figures of the whole database: every node tells the same ones. Owns how often the database is asked, and that a figure
 * which cannot be had is missing, not zero and not old.
 */
import { alerts, backlog, type Store, targets } from "@dayfly/store";
import { Gauge, type Registry } from "prom-client";

/** The oldest that a figure may be: many who watch cost no more than one. */
const FRESH_MS = 5_000;
/** Whoever watches waits for about ten seconds; the figures of this process must not wait for the database's that long. */
const PATIENCE_MS = 3_000;

interface Look extends backlog.Backlog {
  down: number;
  undelivered: number;
}

/** Adds them. */
export function addWhole(registry: Registry, store: Store, { alerting }: { alerting: boolean }): void {
  const look = keptFresh(async () => {
    const [counted, down, undelivered] = await Promise.all([
      backlog.measure(store),
      targets.countOpen(store),
      alerting ? alerts.waiting(store) : 0,
    ]);
    return { ...counted, down, undelivered } satisfies Look;
  });

  const figure = (name: string, help: string, of: (found: Look) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const found = await look();
        if (found === null) this.remove();
        else this.set(of(found));
      },
    });
  };
  figure("dayfly_leases_active", "Leases that live", ({ active }) => active);
  figure("dayfly_revocations_pending", "Revocations without proof yet", ({ pending }) => pending);
  figure("dayfly_revocations_fenced", "Of them, accounts that cannot log in any more", ({ fenced }) => fenced);
  figure("dayfly_left_behind", "Of them, let go of by force", ({ leftBehind }) => leftBehind);
  figure("dayfly_oldest_overdue_seconds", "Of what should be gone, the oldest", ({ oldestSeconds }) => oldestSeconds);
  figure("dayfly_targets_down", "Targets, and admins' logins, that are not asked", ({ down }) => down);
  if (alerting) figure("dayfly_alerts_waiting", "Alerts that nobody has taken", ({ undelivered }) => undelivered);
  new Gauge({
    name: "dayfly_store_up",
    help: "Whether the database answered",
    registers: [registry],
    async collect() {
      this.set((await look()) === null ? 0 : 1);
    },
  });
}

/** Asks again when the last answer is old. @returns null when there is none in time */
function keptFresh<T>(ask: () => Promise<T>): () => Promise<T | null> {
  let asked: { at: number; answer: Promise<T | null> } | undefined;
  let running = false;
  return () => {
    const now = performance.now();
    if (asked !== undefined && (running || now - asked.at < FRESH_MS)) return asked.answer;
    running = true;
    const whole = ask()
      .catch(() => null)
      .finally(() => {
        running = false;
      });
    asked = { at: now, answer: Promise.race([whole, givingUp()]) };
    return asked.answer;
  };
}

function givingUp(): Promise<null> {
  return new Promise((settle) => setTimeout(() => settle(null), PATIENCE_MS).unref());
}
