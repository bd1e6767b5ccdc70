/**
 * Revoking on request: recorded first, then worked on for as long as a caller waits.
 *
 * A success is said only when the account is proven gone, or the target has accepted a deletion that takes its own time.
 */
import { audit, type Caller, configVersions, leases, leftBehind, move, revocations } from "@dayfly/store";
import type { LeaseEnd, Place } from "./api.ts";
import { work } from "./attempt.ts";
import type { Context } from "./context.ts";
import { RevocationPending } from "./errors.ts";
import { leaseFacts } from "./facts.ts";
import { leaveBehind, leftBehindView } from "./left-behind.ts";
import { leaseAt } from "./places.ts";
import { leaseView } from "./views.ts";

/** How long a caller is held. */
const CALLER_MS = 8_000;
/** How often a row that somebody else works on is looked at. */
const LOOK_MS = 100;
/** Said when nothing better is known. */
const ASK_AGAIN_SECONDS = 5;

/** Ends one lease; a lease that has ended already is a success with its proof. @throws RevocationPending */
export async function revoke(
  context: Context,
  caller: Caller,
  place: Place,
  leaseId: string,
  isForced: boolean,
): Promise<LeaseEnd> {
  try {
    return await revokeNow(context, caller, place, leaseId);
  } catch (error) {
    // It does not fake an end: the answer is the same, but nothing waits for this account any more.
    if (!isForced || !(error instanceof RevocationPending)) throw error;
    await leaveBehind(context, caller, { leaseId });
    const account = await leftBehind.ofLease(context.store, leaseId);
    if (account) error.leftBehind = leftBehindView(account);
    throw error;
  }
}

async function revokeNow(context: Context, caller: Caller, place: Place, leaseId: string): Promise<LeaseEnd> {
  const until = performance.now() + CALLER_MS;
  const { lease, secret } = await leaseAt(context.store, place, leaseId);
  if (lease.state === "gone") return { lease: leaseView(lease), provenGoneAt: lease.gone_at };
  const address =
    context.configs.get(`${secret.id}:${lease.config_version}`)?.address ??
    (await configVersions.addressOf(context.store, secret.id, lease.config_version));
  const claimed = await request(context, caller, lease, address);
  await context.step("revoke.committed");
  if (claimed) context.background(work(context, claimed, caller, secret));
  const outcome = await Promise.race([context.attempts.get(leaseId), after(CALLER_MS)]);
  switch (outcome?.kind) {
    case "gone":
      return { lease: leaseView(outcome.lease), provenGoneAt: outcome.lease.gone_at };
    case "accepted":
      return { lease: leaseView(outcome.lease), provenGoneAt: null };
    case "pending":
      throw new RevocationPending(leaseId, Math.ceil(outcome.retryAfter), outcome.reason);
    default:
      return endedBy(context, leaseId, until);
  }
}

/**
 * Records the request, and claims the row unless an attempt at it runs in this process: a repeat joins that one, and
 * neither disturbs nor outruns it.
 */
async function request(
  context: Context,
  caller: Caller,
  lease: leases.Lease,
  address: string,
): Promise<leases.Lease | undefined> {
  const requested = { event: "lease.revoke-requested", ...leaseFacts(lease, address) };
  const endedBy = caller.actor.id ?? caller.actor.name;
  const moved = await context.store.single((db) =>
    move<leases.Lease>(db, revocations.asking(db, lease.id, "asked", endedBy), { caller, events: [requested] }),
  );
  if (moved) return moved;
  return context.store.transaction(async (tx) => {
    const joins = context.attempts.has(lease.id);
    const claimed = joins ? undefined : await revocations.claimRevoking(tx, lease.id);
    if (claimed || joins) await audit.append(tx, caller, requested);
    return claimed;
  });
}

function after(ms: number): Promise<undefined> {
  return new Promise((settle) => setTimeout(() => settle(undefined), ms).unref());
}

/** Somebody else works on the row: waits for its end, as long as a caller is held. */
async function endedBy(context: Context, leaseId: string, until: number): Promise<LeaseEnd> {
  for (;;) {
    const lease = await leases.byId(context.store, leaseId);
    if (lease?.state === "gone") return { lease: leaseView(lease), provenGoneAt: lease.gone_at };
    if (performance.now() > until) {
      throw new RevocationPending(leaseId, ASK_AGAIN_SECONDS, lease?.error ?? "the target has not finished yet");
    }
    await after(LOOK_MS);
  }
}

/** The answer to a create could not be handed over: nobody may hold the credential, so it ends. */
export async function undelivered(context: Context, caller: Caller, leaseId: string): Promise<void> {
  const asked = context.store.transaction(async (tx) => {
    const moved = await revocations.askRevocation(tx, leaseId, "client-left", caller.actor.id ?? caller.actor.name);
    if (moved) {
      await audit.append(tx, caller, {
        event: "lease.revoke-requested",
        ...leaseFacts(moved),
        reason: "client-left",
      });
    }
    return moved;
  });
  const claimed = await asked.catch((error) => {
    context.disown(leaseId, "client-left");
    throw error;
  });
  if (claimed) context.background(work(context, claimed));
}
