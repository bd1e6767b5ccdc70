/**
 * One attempt at ending an account: the one way out, for expiry, revocation, failed creates and crash recovery alike.
 *
 * Look, fence, kill sessions, the operator's statement, built-in removal, look again. Every step is content with "already
 * gone", so an attempt may be made any number of times, by any node. Only the system's own answer that the name is absent
 * ends a lease; a time-out never does.
 */
import { audit, type Caller, configVersions, counters, dynamicSecrets, leases, revocations } from "@dayfly/store";
import { type Entity, TargetError } from "@dayfly/targets";
import { configOf, type LeaseConfig } from "./configs.ts";
import type { Link } from "./connections.ts";
import type { Context } from "./context.ts";
import { TargetRefused } from "./errors.ts";
import type { Outcome } from "./outcome.ts";
import { classOf, reasonOf } from "./refusals.ts";

const ATTEMPT_MS = 30_000;
const LONGEST_DELAY = 300;
/** A target that ends accounts in its own time is asked again after this many seconds. */
const ASK_AGAIN = 5;
const KILL_ROUNDS = 20;
const LONGEST_REASON = 1_000;

interface Progress {
  fenced: boolean;
  killed: number;
}

interface Attempt extends LeaseConfig {
  context: Context;
  lease: leases.Lease;
  caller: Caller;
  progress: Progress;
}

/** Works on a lease that the caller of this function has claimed. Never throws: what fails is recorded and tried again. */
export function work(context: Context, lease: leases.Lease, caller: Caller = audit.systemCaller): Promise<Outcome> {
  const running = attemptOnce(context, lease, caller).finally(() => {
    if (context.attempts.get(lease.id) === running) context.attempts.delete(lease.id);
  });
  context.attempts.set(lease.id, running);
  return running;
}

async function attemptOnce(context: Context, lease: leases.Lease, caller: Caller): Promise<Outcome> {
  try {
    const attempt = await prepare(context, lease, caller);
    return await tried(attempt);
  } catch (error) {
    // The row stays claimed, falls due again in a minute, and is worked on then.
    context.log.error(
      { leaseId: lease.id, error: String(error) },
      "a revocation could not be recorded; it falls due again",
    );
    return {
      kind: "pending",
      lease,
      retryAfter: revocations.CLAIM_SECONDS,
      reason: "Dayfly's own database does not answer",
    };
  }
}

async function prepare(context: Context, lease: leases.Lease, caller: Caller): Promise<Attempt> {
  const secret = await dynamicSecrets.byId(context.store, lease.dynamic_secret_id);
  const config = await configOf(context, secret, lease);
  return { ...config, context, lease, caller, progress: { fenced: lease.fenced_at !== null, killed: 0 } };
}

async function tried(attempt: Attempt): Promise<Outcome> {
  const { context, lease } = attempt;
  const deadline = AbortSignal.timeout(ATTEMPT_MS);
  let release: (() => void) | undefined;
  try {
    release = await context.slots.take(lease.target_key.toString("hex"), deadline);
    const end = await context.connections.use(attempt.endpoint, deadline, (link) => endAccount(attempt, link));
    await context.step("revoke.proved");
    return end === "absent" ? await recordGone(attempt) : await recordAccepted(attempt);
  } catch (error) {
    return recordFailure(attempt, error);
  } finally {
    release?.();
  }
}

/** The steps in a target. @returns "absent" when the system said so itself. */
async function endAccount(attempt: Attempt, link: Link): Promise<"absent" | "accepted"> {
  const { context, lease, own, admin, progress } = attempt;
  const { target } = admin;
  const keep = await leases.openKeep(context.store, lease);
  const entity: Entity = { entityId: lease.username, ...(keep ? { keep } : {}) };
  if (!(await link.run(target.exists(link.client, admin.parsed, entity)))) return "absent";

  if (target.fence) {
    await link.run(target.fence(link.client, admin.parsed, entity));
    progress.fenced = true;
    await context.step("revoke.fenced");
  }
  await killAll(attempt, link, entity);
  await context.step("revoke.killed");
  if (target.revoke) {
    try {
      await link.run(target.revoke(link.client, own.parsed, entity));
    } catch (error) {
      // Only a refusal of the statement itself: a lost connection ends the attempt.
      if (classOf(target, error) !== "refused") throw error;
      await advise(attempt, reasonOf(target, error));
    }
    await context.step("revoke.stated");
  }
  const dropped = await link.run(target.drop(link.client, admin.parsed, entity));
  await context.step("revoke.dropped");
  if (dropped === "accepted") return "accepted";
  if (await link.run(target.exists(link.client, admin.parsed, entity))) {
    throw new TargetRefused("the account is still there after its removal");
  }
  return "absent";
}

async function killAll(attempt: Attempt, link: Link, entity: Entity): Promise<void> {
  const { admin, progress } = attempt;
  const { target } = admin;
  if (!target.killSessions) return;
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const killed = await link.run(target.killSessions(link.client, admin.parsed, entity));
    progress.killed += killed;
    if (killed === 0) return;
  }
  throw new TargetRefused(`sessions of the account were still open after ${KILL_ROUNDS} rounds of ending them`);
}

/** The operator's statement failed alone; the built-in removal goes on, and who edits the configuration is told. */
async function advise(attempt: Attempt, reason: string): Promise<void> {
  const { context, lease } = attempt;
  const advice = `${reason.replace(/\.$/, "")}; the built-in clean-up finished it`;
  await context.store.transaction((tx) =>
    configVersions.advise(tx, lease.dynamic_secret_id, lease.config_version, advice),
  );
}

function facts(attempt: Attempt): {
  leaseId: string;
  dynamicSecretId: string;
  account: string;
  target: string;
  projectId: string;
} {
  const { lease, own } = attempt;
  return {
    projectId: lease.project_id,
    leaseId: lease.id,
    dynamicSecretId: lease.dynamic_secret_id,
    account: lease.username,
    target: own.address,
  };
}

async function recordGone(attempt: Attempt): Promise<Outcome> {
  const { context, lease, caller, progress } = attempt;
  const proof = { how: "looked-up" as const, at: new Date().toISOString(), node: context.node };
  const end = await context.store.transaction(async (tx) => {
    const gone = await revocations.finish(tx, lease.id, lease.fence_no, { proof, ...progress });
    if (!gone) return { late: await revocations.waitForLate(tx, lease.id, lease.fence_no) };
    // The counter's row is locked before the look for what is left, so two last leases cannot miss each other.
    await counters.lower(tx, counters.ofDynamicSecret(lease.dynamic_secret_id));
    await dynamicSecrets.letGo(tx, lease.dynamic_secret_id);
    await audit.append(tx, caller, {
      event: "lease.gone",
      ...facts(attempt),
      ...(gone.reason ? { reason: gone.reason } : {}),
      proof: proof.how,
      count: gone.sessions_killed,
    });
    return { gone };
  });
  if (end.gone) {
    await context.step("gone.committed");
    return { kind: "gone", lease: end.gone };
  }
  if (!end.late) return { kind: "moved" };
  const retryAfter = Math.max(1, (end.late.late_until.getTime() - end.late.updated_at.getTime()) / 1000);
  return { kind: "pending", lease: end.late, retryAfter, reason: "a lost create could still land" };
}

/** Progress, not failure: the target has accepted the deletion and is asked again. */
async function recordAccepted(attempt: Attempt): Promise<Outcome> {
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

async function recordFailure(attempt: Attempt, error: unknown): Promise<Outcome> {
  const { context, lease, admin, caller, progress } = attempt;
  const errorClass = error instanceof TargetRefused ? "refused" : classOf(admin.target, error);
  const told = error instanceof TargetRefused ? error.message : reasonOf(admin.target, error);
  // What somebody has to run in the target is of no use if it is not said.
  const reason = error instanceof TargetError && error.fix ? `${told}: ${error.fix}`.slice(0, LONGEST_REASON) : told;
  const delaySeconds = delayAfter(lease.attempts);
  const failed = await context.store.transaction(async (tx) => {
    const row = await revocations.failAttempt(tx, lease.id, lease.fence_no, {
      errorClass,
      error: reason,
      delaySeconds,
      ...progress,
    });
    if (!row) return undefined;
    if (lease.fenced_at === null && row.fenced_at !== null) {
      await audit.append(tx, caller, { event: "lease.fenced", ...facts(attempt), count: progress.killed });
    }
    if (lease.error_class !== errorClass) {
      await audit.append(tx, caller, {
        event: "lease.revoke-failed",
        outcome: "failed",
        ...facts(attempt),
        errorClass,
        error: reason,
      });
    }
    return row;
  });
  if (!failed) return { kind: "moved" };
  context.wake(delaySeconds * 1000);
  context.log.warn(
    {
      leaseId: lease.id,
      target: admin.address,
      attempts: lease.attempts,
      errorClass,
      reason,
      retryInSeconds: Math.round(delaySeconds),
    },
    "a revocation failed; it goes on",
  );
  return { kind: "pending", lease: failed, retryAfter: delaySeconds, reason };
}
