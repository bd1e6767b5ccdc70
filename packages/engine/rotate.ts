/** Rotating: a lease is handed over to a new one, so that its holder can change credentials without a gap. */
import type { Caller } from "@dayfly/store";
import type { IssuedLease, Place, RotateOptions } from "./api.ts";
import type { Context } from "./context.ts";
import { NotFound, RuleBroken } from "./errors.ts";
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
