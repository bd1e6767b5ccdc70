/** What the store's own rows say about leases while nodes come and go, looked at again and again by a witness. */
import { setTimeout as pause } from "node:timers/promises";
import type { Query } from "./ground.ts";

const order = ["intended", "active", "revoking", "gone"];

/** The running watch. */
export interface RowWatch {
  /** Leases that went back: each with what it was and what it became. */
  backwards: string[];
  stop(): Promise<void>;
}

/** Looks at every lease each so many milliseconds, until it is stopped. */
export function watchRows(store: Query, everyMs: number): RowWatch {
  const states = new Map<string, string>();
  const backwards: string[] = [];
  let stopped = false;
  const looking = (async () => {
    while (!stopped) {
      for (const row of await store("select id, state from leases")) {
        const id = String(row.id);
        const state = String(row.state);
        const before = states.get(id);
        states.set(id, state);
        if (before !== undefined && order.indexOf(state) < order.indexOf(before)) {
          backwards.push(`${id}: ${before}, then ${state}`);
        }
      }
      await pause(everyMs);
    }
  })();
  // Said when it is stopped.
  looking.catch(() => {});
  return {
    backwards,
    async stop() {
      stopped = true;
      await looking;
    },
  };
}

/** How often each lease was issued and ended, by the audit trail: those that were so more than once. */
export async function twiceInAudit(store: Query): Promise<string[]> {
  const rows = await store(
    `select body::jsonb->>'event' as event, body::jsonb->'detail'->>'leaseId' as id, count(*)::int as n from audit_events
     where body::jsonb->>'event' in ('lease.requested', 'lease.issued', 'lease.expired', 'lease.gone')
     group by 1, 2 having count(*) > 1`,
  );
  return rows.map(({ event, id, n }) => `${id}: ${n} times ${event}`);
}
