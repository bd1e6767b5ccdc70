/**
 * Revoking on request: recorded first, then worked on for as long as a caller waits.
 *
 * A success is said only when the account is proven gone, or the target has accepted a deletion that takes its own time.
 */
import { audit, type Caller, leases, revocations } from "@dayfly/store";
import type { LeaseEnd, Place } from "./api.ts";
import { type Outcome, work } from "./attempt.ts";
import { loadConfig } from "./configs.ts";
import type { Context } from "./context.ts";
import { RevocationPending } from "./errors.ts";
import { leaseFacts } from "./issue.ts";
import { leaseAt } from "./places.ts";
import { leaseView } from "./views.ts";

/** How long a caller is held. */
const CALLER_MS = 8_000;
/** Said when nothing better is known. */
const ASK_AGAIN_SECONDS = 5;

/** Ends one lease; a lease that has ended already is a success with its proof. @throws RevocationPending */
export async function revoke(context: Context, caller: Caller, place: Place, leaseId: string): Promise<LeaseEnd> {
  const { lease, secret } = await leaseAt(context.store, place, leaseId);
  if (lease.state === "gone") return { lease: leaseView(lease), provenGoneAt: lease.gone_at };
  const config = await loadConfig(context, context.store, secret, lease.config_version);
  const claimed = await claim(context, caller, lease, config.address);
  if (!claimed) return ended(context, leaseId);
  await context.step("revoke.committed");
  const working = work(context, claimed, caller);
  context.background(working);
  const outcome = await Promise.race([working, after(CALLER_MS)]);
  return answer(context, leaseId, outcome);
}

/** To revoking and claimed in one statement; a revocation that runs already is joined by claiming it anew. */
function claim(
  context: Context,
  caller: Caller,
  lease: leases.Lease,
  address: string,
): Promise<leases.Lease | undefined> {
  return context.store.transaction(async (tx) => {
    const moved = await revocations.askRevocation(tx, lease.id, "asked", caller.actor.id ?? caller.actor.name);
    const claimed = moved ?? (await revocations.claimRevoking(tx, lease.id));
    if (claimed) {
      await audit.append(tx, caller, {
        event: "lease.revoke-requested",
        projectId: lease.project_id,
        ...leaseFacts(claimed, address),
      });
    }
    return claimed;
  });
}

function after(ms: number): Promise<undefined> {
  return new Promise((settle) => setTimeout(() => settle(undefined), ms).unref());
}

async function answer(context: Context, leaseId: string, outcome: Outcome | undefined): Promise<LeaseEnd> {
  if (outcome?.kind === "gone") return { lease: leaseView(outcome.lease), provenGoneAt: outcome.lease.gone_at };
  if (outcome?.kind === "accepted") return { lease: leaseView(outcome.lease), provenGoneAt: null };
  if (outcome?.kind === "pending") throw new RevocationPending(leaseId, Math.ceil(outcome.retryAfter), outcome.reason);
  return ended(context, leaseId);
}

/** Somebody else moved the row, or the caller waited long enough: what the row says now. */
async function ended(context: Context, leaseId: string): Promise<LeaseEnd> {
  const lease = await leases.byId(context.store, leaseId);
  if (lease?.state === "gone") return { lease: leaseView(lease), provenGoneAt: lease.gone_at };
  throw new RevocationPending(leaseId, ASK_AGAIN_SECONDS, lease?.error ?? "the target has not finished yet");
}

/** The answer to a create could not be handed over: nobody may hold the credential, so it ends. */
export async function undelivered(context: Context, caller: Caller, leaseId: string): Promise<void> {
  const claimed = await context.store.transaction(async (tx) => {
    const moved = await revocations.askRevocation(tx, leaseId, "client-left", caller.actor.id ?? caller.actor.name);
    if (moved) {
      await audit.append(tx, caller, {
        event: "lease.revoke-requested",
        projectId: moved.project_id,
        leaseId: moved.id,
        dynamicSecretId: moved.dynamic_secret_id,
        account: moved.username,
        reason: "client-left",
      });
    }
    return moved;
  });
  if (claimed) context.background(work(context, claimed));
}
