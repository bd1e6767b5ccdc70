/** What an attempt at ending an account came to, as its row and the audit trail say it. */
import { audit, type Caller, configVersions, type leases, revocations } from "@dayfly/store";
import { type ErrorClass, TargetError } from "@dayfly/targets";
import type { TargetDown } from "./breaker.ts";
import type { LeaseConfig } from "./configs.ts";
import type { Context } from "./context.ts";
import { TargetRefused } from "./errors.ts";
import { leaseFacts } from "./facts.ts";
import type { Outcome } from "./outcome.ts";
import { classOf, reasonOf } from "./refusals.ts";
import { letGoAbove } from "./remains.ts";

const LONGEST_DELAY = 300;
/** A target that ends accounts in its own time is asked again after this many seconds. */
const ASK_AGAIN = 5;
const LONGEST_REASON = 1_000;

/** How far an attempt got. */
export interface Progress {
  fenced: boolean;
  killed: number;
}

/** A claimed lease, and who has it worked on. */
export interface Claim {
  context: Context;
  lease: leases.Lease;
  caller: Caller;
  progress: Progress;
}

/** One attempt at one lease. */
export interface Attempt extends Claim, LeaseConfig {
  /** What was kept for its end, opened. */
  keep: Record<string, string> | undefined;
}

/** revoking → gone, with its proof; not before a lost create could not land any more. */
export async function recordGone(attempt: Attempt): Promise<Outcome> {
  const { context, lease, own, caller, progress } = attempt;
  const proof = { how: "looked-up" as const, at: new Date().toISOString(), node: context.node };
  const fact = {
    event: "lease.gone",
    ...leaseFacts(lease, own.address),
    ...(lease.reason ? { reason: lease.reason } : {}),
    proof: proof.how,
    count: lease.sessions_killed + progress.killed,
  };
  const gone = await context.store.single((db) =>
    revocations.finishRecorded(db, lease, { proof, ...progress }, { caller, events: [fact] }),
  );
  if (gone) {
    await context.step("gone.committed");
    await letGoAbove(context, gone);
    return { kind: "gone", lease: gone };
  }
  const late = await context.store.transaction((tx) => revocations.waitForLate(tx, lease.id, lease.fence_no));
  if (!late) return { kind: "moved" };
  const retryAfter = Math.max(1, (late.late_until.getTime() - late.updated_at.getTime()) / 1000);
  return { kind: "pending", lease: late, retryAfter, reason: "a lost create could still land" };
}

/** Progress, not failure: the target has accepted the deletion and is asked again. */
export async function recordAccepted(attempt: Attempt): Promise<Outcome> {
  const { context, lease, progress } = attempt;
  const waiting = await context.store.transaction((tx) =>
    revocations.failAttempt(tx, lease.id, lease.fence_no, {
      errorClass: null,
      error: null,
      delaySeconds: ASK_AGAIN,
      ...progress,
    }),
  );
  if (!waiting) return { kind: "moved" };
  context.wake(ASK_AGAIN * 1000);
  return { kind: "accepted", lease: waiting };
}

/** 1, 2, 4 … 300 s, give or take a fifth. The count lives in the row, so a restart resets nothing. */
export function delayAfter(attempts: number, random = Math.random): number {
  const base = Math.min(LONGEST_DELAY, 2 ** Math.max(0, Math.min(attempts, 30) - 1));
  return base * (0.8 + 0.4 * random());
}

/** What the target said or did stood in the way. */
export function recordFailure(attempt: Attempt, error: unknown): Promise<Outcome> {
  const { admin, own } = attempt;
  const errorClass = error instanceof TargetRefused ? "refused" : classOf(admin.target, error);
  const told = error instanceof TargetRefused ? error.message : reasonOf(admin.target, error);
  // What somebody has to run in the target is of no use if it is not said.
  const reason = error instanceof TargetError && error.fix ? `${told}: ${error.fix}`.slice(0, LONGEST_REASON) : told;
  return recordNoProof(attempt, own.address, errorClass, reason);
}

/** The target could not even be asked: the configuration or what was kept cannot be used. */
export async function recordUnusable(claim: Claim, error: Error): Promise<Outcome> {
  const { context, lease } = claim;
  const address = await configVersions.addressOf(context.store, lease.dynamic_secret_id, lease.config_version);
  const reason = `the stored configuration cannot be used: ${error.message}`.slice(0, LONGEST_REASON);
  return recordNoProof(claim, address, "refused", reason);
}

/** The target is not asked now: the lease waits for it without counting an attempt. */
export function recordPostponed(attempt: Attempt, down: TargetDown): Promise<Outcome> {
  return recordNoProof(attempt, attempt.own.address, down.errorClass, down.message, down.retryAfter);
}

/** No proof: the next attempt is due later, and whoever has to know is told why. */
async function recordNoProof(
  { context, lease, caller, progress }: Claim,
  address: string,
  errorClass: ErrorClass,
  reason: string,
  postponedBy?: number,
): Promise<Outcome> {
  const delaySeconds = postponedBy ?? delayAfter(lease.attempts);
  const why = { errorClass, error: reason, delaySeconds };
  const failed = await context.store.transaction(async (tx) => {
    const row =
      postponedBy === undefined
        ? await revocations.failAttempt(tx, lease.id, lease.fence_no, { ...why, ...progress })
        : await revocations.postpone(tx, lease.id, lease.fence_no, why);
    if (!row) return undefined;
    if (lease.fenced_at === null && row.fenced_at !== null) {
      await audit.append(tx, caller, { event: "lease.fenced", ...leaseFacts(lease, address), count: progress.killed });
    }
    // A create that failed has left its own class in the row.
    if ((lease.attempts === 1 && postponedBy === undefined) || lease.error_class !== errorClass) {
      await audit.append(tx, caller, {
        event: "lease.revoke-failed",
        outcome: "failed",
        ...leaseFacts(lease, address),
        errorClass,
        error: reason,
      });
    }
    return row;
  });
  if (!failed) return { kind: "moved" };
  context.wake(delaySeconds * 1000);
  // One line says that a target is down; not one more for each of its leases.
  if (postponedBy !== undefined) return { kind: "pending", lease: failed, retryAfter: delaySeconds, reason };
  context.log.warn(
    {
      leaseId: lease.id,
      target: address,
      attempts: lease.attempts,
      errorClass,
      reason,
      retryInSeconds: Math.round(delaySeconds),
    },
    "a revocation failed; it goes on",
  );
  return { kind: "pending", lease: failed, retryAfter: delaySeconds, reason };
}
