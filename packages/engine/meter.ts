/**
 * What is counted of the engine's work, for figures: how operations end, and how long they take.
 *
 * It knows no library for that: whoever makes an engine hands in a meter. Labels are words from short lists, never an id
 * or a name. A meter that fails disturbs nothing.
 */
import type { leases } from "@dayfly/store";
import type { Log, Meter, OperationResult } from "./api.ts";
import {
  InvalidInputs,
  NotFound,
  RenewConflict,
  RepeatConflict,
  RuleBroken,
  TargetRefused,
  TargetTimeout,
} from "./errors.ts";
import type { Outcome } from "./outcome.ts";

/** A meter that cannot fail; without one given, nothing is counted. */
export function steady(meter: Meter | undefined, log: Log): Meter {
  const safely = (report: () => void): void => {
    try {
      report();
    } catch (err) {
      log.error({ err }, "a figure could not be counted");
    }
  };
  return {
    operation: (ended) => safely(() => meter?.operation(ended)),
    gone: (ended) => safely(() => meter?.gone(ended)),
  };
}

/** Runs an operation on a lease of this target type, and reports its end. */
export async function measured<T>(
  meter: Meter,
  operation: "issue" | "renew",
  type: string,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const report = (result: OperationResult): void =>
    meter.operation({ type, operation, result, seconds: (performance.now() - began) / 1000 });
  try {
    const done = await work();
    report("ok");
    return done;
  } catch (error) {
    report(resultOf(error));
    throw error;
  }
}

function resultOf(error: unknown): OperationResult {
  if (error instanceof TargetTimeout) return "timeout";
  if (error instanceof TargetRefused) return "refused";
  if (error instanceof RenewConflict || error instanceof RepeatConflict) return "conflict";
  return [RuleBroken, InvalidInputs, NotFound].some((known) => error instanceof known) ? "rejected" : "failed";
}

/** Reports one attempt at ending an account; an attempt that somebody else overtook is theirs to report. */
export function reportAttempt(meter: Meter, type: string, began: number, outcome: Outcome): void {
  if (outcome.kind === "moved") return;
  const { lease } = outcome;
  const operation = lease.reason === "expired" ? "expire" : "revoke";
  const seconds = (performance.now() - began) / 1000;
  meter.operation({ type, operation, result: endOf(outcome), seconds });
  if (outcome.kind === "gone") meter.gone({ type, lagSeconds: lagOf(lease) });
}

function endOf(outcome: Exclude<Outcome, { kind: "moved" }>): OperationResult {
  if (outcome.kind === "gone") return "ok";
  if (outcome.kind === "accepted") return "accepted";
  return (outcome.lease.error_class as OperationResult | null) ?? "waiting";
}

/** From when the account had to go: its end, or the order to end it, but not before a lost create could land no more. */
function lagOf({ reason, expires_at, revoking_at, late_until, gone_at }: leases.Lease): number {
  const due = (reason === "expired" ? expires_at : revoking_at) ?? expires_at;
  const from = Math.max(due.getTime(), late_until.getTime());
  return Math.max(0, (gone_at?.getTime() ?? from) - from) / 1000;
}
