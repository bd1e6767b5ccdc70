/**
 * Renewing: the row first, then the target, then the row's word that it is done.
 *
 * One statement is claim, turn and intent: it moves the lease's end, so from before the target is touched the row covers what
 * the account may have there, and a kill anywhere leaves nothing that outlives its lease. Once the target's own end has
 * moved, a second statement makes it durable that it has, with its audit row; where a target keeps no end, the first does
 * all. A refusal puts the end back, an answer that never came is gone after until there is one (`renewal.ts`).
 */
import { type Caller, type dynamicSecrets, type idempotencyKeys, leases, renewals } from "@dayfly/store";
import type { LeaseView, Place } from "./api.ts";
import { configOf, type LeaseConfig } from "./configs.ts";
import type { Context } from "./context.ts";
import { InvalidInputs, NotFound, RenewConflict, RuleBroken, TargetTimeout } from "./errors.ts";
import { leaseFacts } from "./facts.ts";
import { ceiling, inWords } from "./limits.ts";
import { measured } from "./meter.ts";
import { leaseAt } from "./places.ts";
import { refusal } from "./refusals.ts";
import { moveNativeEnd, NotMoved, nativeEnd, type Turn } from "./renewal.ts";
import { leaseView } from "./views.ts";

/** One renewal that is asked for. */
interface Renewing {
  context: Context;
  caller: Caller;
  lease: leases.Lease;
  config: LeaseConfig;
  wanted: renewals.Extension;
  key: idempotencyKeys.Digests | undefined;
}

/**
 * New end = old end + `ttlSeconds` (the default TTL when null), never past creation + max TTL. `key`: what names it, so that
 * it is made once. @throws KeyTaken of the store
 */
export async function renew(
  context: Context,
  caller: Caller,
  place: Place,
  leaseId: string,
  ttlSeconds: number | null,
  key?: idempotencyKeys.Digests,
): Promise<LeaseView> {
  const { lease, secret } = await leaseAt(context.store, place, leaseId);
  if (lease.state === "gone") throw new NotFound("lease", leaseId);
  if (lease.state !== "active")
    throw new RuleBroken(`lease ${leaseId} is being revoked and cannot be renewed: ask for a new one`);
  return measured(context.meter, "renew", secret.type, async () => {
    const config = await configOf(context, secret, lease);
    const wanted = extensionOf(config, secret, ttlSeconds);
    return renewActive({ context, caller, lease, config, wanted, key });
  });
}

function extensionOf(
  { own }: LeaseConfig,
  secret: dynamicSecrets.DynamicSecret,
  asked: number | null,
): renewals.Extension {
  const capabilities = own.target.capabilities(own.parsed);
  if (!capabilities.renewable)
    throw new RuleBroken(`leases of the type '${secret.type}' cannot be renewed: ask for a new one`);
  const ttlSeconds = asked ?? secret.default_ttl_seconds;
  if (ttlSeconds < 1) throw new InvalidInputs([{ path: ["ttl"], message: "a renewal adds at least 1s" }]);
  const maxSeconds = ceiling(secret.max_ttl_seconds, capabilities);
  return { ttlSeconds, maxSeconds, inTarget: capabilities.nativeExpiry };
}

async function renewActive(renewing: Renewing): Promise<LeaseView> {
  const { context, caller, lease, config, wanted, key } = renewing;
  const newEnd = new Date(lease.expires_at.getTime() + wanted.ttlSeconds * 1000);
  const fact = { event: "lease.renewed", ...leaseFacts(lease, config.own.address), expiresAt: newEnd.toISOString() };
  let began = 0;
  const begun = await context.store.single((db) => {
    began = performance.now();
    return renewals.begin(db, lease, wanted, { caller, events: wanted.inTarget ? [] : [fact], key });
  });
  if (!begun) throw await lost(renewing);
  if (wanted.inTarget) {
    await context.step("renew.intended");
    const storeZero = begun.updated_at.getTime() - began;
    if (!(await moved(renewing, { lease: begun, config, storeZero }))) return overtaken(renewing, begun);
    await context.step("renew.moved");
    const found = { nativeUntil: nativeEnd(begun), handedOn: false };
    const done = await context.store.single((db) => renewals.finish(db, begun, found, { caller, events: [fact] }));
    if (!done) return overtaken(renewing, begun);
    await context.step("renew.committed");
    return leaseView(done);
  }
  await context.step("renew.committed");
  return leaseView(begun);
}

/**
 * Moves the target's own end. What surely came to nothing is taken back from the row.
 * @returns false when somebody else has the turn by now
 */
async function moved({ context, config, key }: Renewing, turn: Turn): Promise<boolean> {
  const { target, address } = config.own;
  try {
    await moveNativeEnd(context, turn);
    return true;
  } catch (error) {
    if (error instanceof NotMoved && error.mayLand) throw unanswered(turn.lease, address, error);
    const undone = await context.store.single((db) => renewals.undo(db, turn.lease, key));
    // Its old end may have passed meanwhile.
    context.wake(0);
    if (!undone) return false;
    throw error instanceof NotMoved ? refusal(target, address, `renewing lease ${turn.lease.id}`, error.cause) : error;
  }
}

/** Nobody knows whether it has landed: it goes forward, and whoever wants to know looks at the lease. */
function unanswered({ id, expires_at }: leases.Lease, address: string, cause: unknown): TargetTimeout {
  return new TargetTimeout(
    `renewing lease ${id} at ${address} did not finish in time. It is finished without you, and the lease then ends at ` +
      `${expires_at.toISOString()}: look at it before you renew it again`,
    { cause },
  );
}

/** A revocation came, which beats a renewal; or this node took too long, and another one has the turn. */
async function overtaken({ context, config }: Renewing, begun: leases.Lease): Promise<LeaseView> {
  const lease = await leases.byId(context.store, begun.id);
  if (lease?.state !== "active") throw revokedMeanwhile(begun.id);
  if (lease.renew_from !== null) throw unanswered(begun, config.own.address, undefined);
  return { ...leaseView(lease), expireAt: begun.expires_at };
}

/** Why it did not begin: a revocation beats a renewal, another renewal wins over this one, or there is no room. */
async function lost({ context, lease: { id }, wanted }: Renewing): Promise<Error> {
  const lease = await leases.byId(context.store, id);
  if (lease?.state !== "active") return revokedMeanwhile(id);
  if (lease.expires_at <= (await leases.clock(context.store)))
    return new RuleBroken(`lease ${id} has expired; ask for a new one`);
  const { ttlSeconds, maxSeconds } = wanted;
  const lived = (lease.expires_at.getTime() - lease.created_at.getTime()) / 1000;
  const room = Math.max(0, Math.floor(maxSeconds - lived));
  // What is under way may still come to nothing, and its time is free again then.
  if (ttlSeconds > room && lease.renew_from === null) return noRoom(id, ttlSeconds, room, maxSeconds);
  return new RenewConflict(
    `another renewal of lease ${id} won; this one added nothing. Read the lease and try again if it is still wanted`,
  );
}

function revokedMeanwhile(id: string): RuleBroken {
  return new RuleBroken(`lease ${id} was revoked meanwhile; nothing was added`);
}

function noRoom(leaseId: string, seconds: number, room: number, maxSeconds: number): RuleBroken {
  return new RuleBroken(
    `TTL cannot be larger than max TTL: ${inWords(seconds)} more for lease ${leaseId} would pass its ${inWords(maxSeconds)} ceiling; at most ${inWords(room)} can be added`,
  );
}
