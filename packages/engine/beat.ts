/** Beats: a lease that is held by them ends when two are missed, long before it would expire. */
import { leases } from "@dayfly/store";
import type { LeaseView, Place } from "./api.ts";
import type { Context } from "./context.ts";
import { NotFound, RuleBroken } from "./errors.ts";
import { leaseAt } from "./places.ts";
import { leaseView } from "./views.ts";

/** Its holder is there. @throws NotFound, RuleBroken where it comes too late or is not expected */
export async function beat(context: Context, place: Place, leaseId: string): Promise<LeaseView> {
  const { lease } = await leaseAt(context.store, place, leaseId);
  if (lease.state === "gone") throw new NotFound("lease", leaseId);
  if (lease.beat_every === null) {
    throw new RuleBroken(`lease ${leaseId} was made without a heartbeat: it needs no beats, and lives to its end`);
  }
  const beaten = await context.store.transaction((tx) => leases.beat(tx, leaseId));
  if (!beaten) throw new RuleBroken(`lease ${leaseId} is ending: the beat came too late. Ask for a new one`);
  return leaseView(beaten);
}
