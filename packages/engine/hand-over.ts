/**
 * Handing over: the end of the old lease comes near in the transaction that makes the new one active. If the new one is
 * never handed out, the old one is as it was.
 */
import { audit, type Caller, type leases, replacements, type Single } from "@dayfly/store";
import type { Context } from "./context.ts";
import { leaseFacts } from "./facts.ts";

/** The lease that hands over, and for how long it goes on at most. */
export interface HandOver {
  from: string;
  graceSeconds: number;
}

/** T2 of the new lease, and the old one's nearer end with it. One that has ended meanwhile is only linked. */
export function handingOver(
  context: Context,
  caller: Caller,
  row: leases.Lease,
  { from, graceSeconds }: HandOver,
  t2: (db: Single) => Promise<leases.Lease | undefined>,
): Promise<leases.Lease | undefined> {
  return context.store.transaction(async (tx) => {
    await replacements.hold(tx, from, row.id);
    const active = await t2(tx);
    const old = active && (await replacements.handOver(tx, from, row.id, graceSeconds));
    if (old) {
      const expiresAt = old.expires_at.toISOString();
      await audit.append(tx, caller, { event: "lease.handed-over", ...leaseFacts(old), expiresAt });
    }
    return active;
  });
}
