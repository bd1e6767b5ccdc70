/**
 * Renewing once: a renewal under an Idempotency-Key adds its TTL one time, however often it is asked for.
 *
 * The key is written in the statement that moves the lease's end, and goes with it if the target refuses: there is no end that
 * moved without it. A repeat is answered with the end that the first one came to, once nothing of it is under way.
 */
import { type Caller, idempotencyKeys } from "@dayfly/store";
import type { LeaseView, Place } from "./api.ts";
import type { Context } from "./context.ts";
import { RenewConflict, RepeatConflict, RuleBroken } from "./errors.ts";
import { digestsOf, lookUp } from "./once.ts";
import { leaseAt } from "./places.ts";
import { renew } from "./renew.ts";
import { settled } from "./renewal.ts";
import { leaseView } from "./views.ts";

const LOOK_MS = 100;
/** How long a repeat waits for another renewal that may be its own first try. */
const PATIENCE_MS = 2_000;

/** As `renew`; without a key it is `renew`. @throws InvalidInputs when the key stands for another request */
export async function renewOnce(
  context: Context,
  caller: Caller,
  place: Place,
  leaseId: string,
  ttlSeconds: number | null,
  key: string | null = null,
): Promise<LeaseView> {
  if (key === null) return renew(context, caller, place, leaseId, ttlSeconds);
  const digests = digestsOf(caller, key, { renew: leaseId, ...place, ttlSeconds });
  const known = await resultOf(context, place, digests);
  if (known) return known;
  try {
    return await renew(context, caller, place, leaseId, ttlSeconds, digests);
  } catch (error) {
    // What stood in the way may be the first try: on its way, or done since the key was looked up.
    const conflict = error instanceof RenewConflict || error instanceof idempotencyKeys.KeyTaken;
    if (!conflict && !(error instanceof RuleBroken)) throw error;
    const until = performance.now() + (conflict ? PATIENCE_MS : 0);
    for (;;) {
      const result = await resultOf(context, place, digests);
      if (result) return result;
      if (performance.now() >= until) {
        throw error instanceof idempotencyKeys.KeyTaken
          ? new RepeatConflict(`${error.message}; nothing was added`)
          : error;
      }
      await new Promise((settle) => setTimeout(settle, LOOK_MS));
    }
  }
}

/** What the first try came to, when it is known. A lease that has ended since is left to `renew`, which says so. */
async function resultOf(
  context: Context,
  place: Place,
  digests: idempotencyKeys.Digests,
  hasWaited = false,
): Promise<LeaseView | undefined> {
  const found = await lookUp(context, digests);
  const until = found?.renewed_until;
  if (!until) return undefined;
  const { lease } = await leaseAt(context.store, place, found.lease_id);
  if (lease.renew_from !== null && until > lease.renew_from) {
    if (hasWaited) return undefined;
    await settled(context, lease);
    return resultOf(context, place, digests, true);
  }
  // An earlier end: the target refused, and the key has been let go of since it was read.
  return lease.state === "active" && lease.expires_at >= until ? { ...leaseView(lease), expireAt: until } : undefined;
}
