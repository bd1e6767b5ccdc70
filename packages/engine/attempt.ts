/**
 * One attempt at ending an account: the one way out, for expiry, revocation, failed creates and crash recovery alike.
 *
 * Fence, kill sessions, the operator's statement, built-in removal if the account is still there, look. Every step is
 * content with "already gone", so an attempt may be made any number of times, by any node. Only the system's own answer that
 * the name is absent ends a lease; a time-out never does. Verbs that say what is left save calls, and no look: sessions are
 * looked for when the fence is in force, and once more by the look that proves.
 */
import {
  audit,
  type Caller,
  configVersions,
  dynamicSecrets,
  leases,
  revocations,
  SealBroken,
  Unavailable,
} from "@dayfly/store";
import type { Entity, Fenced, Left } from "@dayfly/targets";
import { ask } from "./ask.ts";
import { TargetDown } from "./breaker.ts";
import { configOf } from "./configs.ts";
import type { Link } from "./connections.ts";
import type { Context } from "./context.ts";
import { InvalidInputs, RuleBroken, TargetRefused } from "./errors.ts";
import { reportAttempt } from "./meter.ts";
import type { Outcome } from "./outcome.ts";
import type { DynamicSecret } from "./places.ts";
import { classOf, reasonOf } from "./refusals.ts";
import {
  type Attempt,
  type Claim,
  recordAccepted,
  recordFailure,
  recordGone,
  recordPostponed,
  recordUnusable,
} from "./verdict.ts";

const ATTEMPT_MS = 30_000;
const KILL_ROUNDS = 20;

/**
 * Works on a lease that the caller of this function has claimed, and whose dynamic secret it may have read just now. Never
 * throws: what fails is recorded and tried again.
 */
export function work(
  context: Context,
  lease: leases.Lease,
  caller: Caller = audit.systemCaller,
  secret?: DynamicSecret,
): Promise<Outcome> {
  const running = attemptOnce(context, lease, caller, secret).finally(() => {
    if (context.attempts.get(lease.id) === running) context.attempts.delete(lease.id);
  });
  context.attempts.set(lease.id, running);
  return running;
}

async function attemptOnce(
  context: Context,
  lease: leases.Lease,
  caller: Caller,
  secret?: DynamicSecret,
): Promise<Outcome> {
  try {
    const claim = { context, lease, caller, progress: { fenced: lease.fenced_at !== null, killed: 0 } };
    let attempt: Attempt;
    try {
      attempt = await prepare(claim, secret);
    } catch (error) {
      if (!isUnusable(error)) throw error;
      return await recordUnusable(claim, error);
    }
    return await tried(attempt);
  } catch (error) {
    // The row stays claimed, falls due again in a minute, and is worked on then.
    context.log.error({ leaseId: lease.id, err: error }, "a revocation could not be recorded; it falls due again");
    return {
      kind: "pending",
      lease,
      retryAfter: revocations.CLAIM_SECONDS,
      reason: "Dayfly's own database could not record it",
    };
  }
}

async function prepare(claim: Claim, known?: DynamicSecret): Promise<Attempt> {
  const { context, lease } = claim;
  const secret = known ?? (await dynamicSecrets.byId(context.store, lease.dynamic_secret_id));
  const config = await configOf(context, secret, lease);
  return { ...claim, ...config, keep: await leases.openKeep(context.store, lease) };
}

/** Whether what is stored cannot be used, rather than not be had. */
function isUnusable(error: unknown): error is Error {
  return [InvalidInputs, RuleBroken, SealBroken].some((known) => error instanceof known);
}

async function tried(attempt: Attempt): Promise<Outcome> {
  const { context, admin } = attempt;
  const deadline = AbortSignal.timeout(ATTEMPT_MS);
  const began = performance.now();
  const reported = async (recorded: Promise<Outcome>): Promise<Outcome> => {
    const outcome = await recorded;
    reportAttempt(context.meter, admin.target.type, began, outcome);
    return outcome;
  };
  let end: "absent" | "accepted";
  try {
    end = await ask(
      context,
      { config: attempt.admin, endpoint: attempt.endpoint, deadline, endsAccount: true },
      (link) => endAccount(attempt, link),
    );
    await context.step("revoke.proved");
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    return error instanceof TargetDown ? recordPostponed(attempt, error) : reported(recordFailure(attempt, error));
  }
  // Outside: what our own database refuses is no failure of the target.
  return reported(end === "absent" ? recordGone(attempt) : recordAccepted(attempt));
}

/** The steps in a target. @returns "absent" when the system said so itself. */
async function endAccount(attempt: Attempt, link: Link): Promise<"absent" | "accepted"> {
  const { context, lease, admin, progress, keep } = attempt;
  const { target } = admin;
  const entity: Entity = { entityId: lease.username, ...(keep ? { keep } : {}) };
  const looked = async (): Promise<"absent" | "there"> =>
    (await link.run(target.exists(link.client, admin.parsed, entity))) ? "there" : "absent";

  const met: Fenced = target.fence ? await link.run(target.fence(link.client, admin.parsed, entity)) : { there: false };
  if (!met.there && (await looked()) === "absent") return "absent";
  if (target.fence) {
    progress.fenced = true;
    await context.step("revoke.fenced");
  }
  if (met.sessions !== 0) await killAll(attempt, link, entity);
  await context.step("revoke.killed");
  let left = await stated(attempt, link, entity);
  if (left === "unknown") left = await looked();
  const dropped = left === "there" ? await link.run(target.drop(link.client, admin.parsed, entity)) : left;
  await context.step("revoke.dropped");
  if (dropped === "accepted") return "accepted";
  left = dropped === "unknown" ? await looked() : dropped;
  if (left === "there" && target.killSessions) {
    // Who was just logging in when the fence came down has a session only now.
    await killAll(attempt, link, entity);
    left = await looked();
  }
  if (left === "there") throw new TargetRefused("the account is still there after its removal");
  return "absent";
}

/** The operator's own statement, where there is one, and what it left. */
async function stated(attempt: Attempt, link: Link, entity: Entity): Promise<Left> {
  const { context, own, admin } = attempt;
  const { target } = admin;
  if (!target.revoke) return "there";
  let left: Left = "there";
  try {
    left = await link.run(target.revoke(link.client, own.parsed, entity));
  } catch (error) {
    // Only a refusal of the statement itself: a lost connection ends the attempt.
    if (classOf(target, error) !== "refused") throw error;
    await advise(attempt, reasonOf(target, error));
  }
  await context.step("revoke.stated");
  return left;
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
  const { context, lease, own } = attempt;
  const advice = `${reason.replace(/\.$/, "")}; the built-in clean-up finished it`;
  // Told already: most revocations of such a secret find the same.
  if (own.advice === advice) return;
  own.advice = advice;
  await context.store
    .transaction((tx) => configVersions.advise(tx, lease.dynamic_secret_id, lease.config_version, advice))
    .catch((error) => context.log.warn({ leaseId: lease.id, err: error }, "an advice could not be stored"));
}
