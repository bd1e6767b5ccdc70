/**
 * Handing over: a new lease beside the old one, so that its holder can change credentials without a gap.
 *
 * The old one's end comes near in the transaction that makes the new one active: if the new one is never handed out, the
 * old one is as it was.
 */
import { audit, type Caller, type leases, replacements, type Single } from "@dayfly/store";
import type { IssuedLease, Place, RotateOptions } from "./api.ts";
import type { Context } from "./context.ts";
import { NotFound, RuleBroken } from "./errors.ts";
import { leaseFacts } from "./facts.ts";
import type { Issuing } from "./intent.ts";
import { issue } from "./issue.ts";
import { leaseAt } from "./places.ts";

/** Makes the new one, for whoever asks. What was said of the old one holds for it. @throws as `issue` does */
export async function rotate(
  context: Context,
  caller: Caller,
  place: Place,
  leaseId: string,
  { ttlSeconds, graceSeconds, arrivedAt }: RotateOptions,
): Promise<IssuedLease> {
  const { lease, secret } = await leaseAt(context.store, place, leaseId);
  if (lease.state === "gone") throw new NotFound("lease", leaseId);
  if (lease.state !== "active" || secret.deleting) {
    throw new RuleBroken(`lease ${leaseId} is being revoked and cannot be handed over: ask for a new one`);
  }
  const options = {
    ttlSeconds,
    arrivedAt,
    config: lease.lease_config,
    purpose: lease.purpose,
    ticket: lease.ticket,
    labels: lease.labels,
    heartbeatSeconds: lease.beat_every,
  };
  return issue(context, caller, place, secret.name, options, { from: leaseId, graceSeconds });
}

/** T2 of the new lease, and the old one's nearer end with it. One that has ended meanwhile is only linked. */
export function handingOver(
  context: Context,
  caller: Caller,
  row: leases.Lease,
  { from, graceSeconds }: NonNullable<Issuing["handOver"]>,
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
