/** What the engine can say no with. The HTTP layer maps each class to a row of the wire's error table. */
import type { freezes } from "@dayfly/store";
import type { Step } from "@dayfly/targets";
import type { LeftBehindView } from "./api.ts";

export { NotFound } from "@dayfly/store";

/** New leases are stopped here, by somebody and for a reason. */
export class Frozen extends Error {
  override name = "Frozen";
  readonly freeze: freezes.Freeze;
  constructor(freeze: freezes.Freeze) {
    const { scope, by, at, reason } = freeze;
    const what = scope.kind === "project" ? "this project" : `the ${scope.kind.replace("-", " ")} '${freeze.name}'`;
    super(`${what} is frozen, so no new lease is made: ${by.name} froze it at ${at}${reason ? `: ${reason}` : ""}`);
    this.freeze = freeze;
  }
}

/** Fields of a request that do not fit: one sentence in all, and one issue a field. */
export class InvalidInputs extends Error {
  override name = "InvalidInputs";
  readonly issues: { path: (string | number)[]; message: string }[];
  constructor(issues: { path: (string | number)[]; message: string }[]) {
    super(
      issues
        .map((issue) => (issue.path.length ? `${issue.path.join(".")}: ${issue.message}` : issue.message))
        .join("; "),
    );
    this.issues = issues;
  }
}

/** A rule was broken: duplicate name, TTL above the maximum, no room left, a fault in a statement. */
export class RuleBroken extends Error {
  override name = "RuleBroken";
}

/** The target refused, or could not be reached. `fix` is what to paste, `steps` what a verification found. */
export class TargetRefused extends Error {
  override name = "TargetRefused";
  readonly fix?: string;
  readonly steps?: Step[];
  constructor(message: string, options: { cause?: unknown; fix?: string; steps?: Step[] } = {}) {
    super(message, { cause: options.cause });
    if (options.fix !== undefined) this.fix = options.fix;
    if (options.steps !== undefined) this.steps = options.steps;
  }
}

/** The target did not finish within the create limit; whatever it made will be taken back. */
export class TargetTimeout extends Error {
  override name = "TargetTimeout";
}

/** The revocation is durable and goes on without end, but there is no proof yet. */
export class RevocationPending extends Error {
  override name = "RevocationPending";
  readonly leaseId: string;
  /** Seconds until the next attempt. */
  readonly retryAfter: number;
  /** Set where the lease was let go of by force: the account to look for. */
  leftBehind?: LeftBehindView;
  constructor(leaseId: string, retryAfter: number, reason: string) {
    super(
      `the revocation of lease ${leaseId} is recorded and goes on until the account is proven gone; not yet: ${reason}. ` +
        "Ask again later; nothing else is needed",
    );
    this.leaseId = leaseId;
    this.retryAfter = retryAfter;
  }
}

/** Another renewal of the same lease won; this one added nothing. */
export class RenewConflict extends Error {
  override name = "RenewConflict";
}

/** Another try of the same request, by its Idempotency-Key, is or was answered; this one came to nothing. */
export class RepeatConflict extends Error {
  override name = "RepeatConflict";
}

/** The host of a target is an address that must not be reached. */
export class AddressRefused extends Error {
  override name = "AddressRefused";
}
