/**
 * What can go wrong when the server is asked, one class for each thing a caller may want to do about it.
 * No message carries a value that was sent.
 */
import type { LeftBehind } from "@dayfly/contract";

/** What every error of this package knows. */
export interface Facts {
  /** HTTP status, where the server answered. */
  status?: number;
  /** The wire's `error` word, or the system's code where nothing answered. */
  code?: string;
  requestId?: string;
  retryable?: boolean;
  cause?: unknown;
}

/** Any failure of a call; the classes below say which. */
export class DayflyError extends Error {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly retryable: boolean;
  constructor(message: string, facts: Facts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.status = facts.status;
    this.code = facts.code;
    this.requestId = facts.requestId;
    this.retryable = facts.retryable ?? false;
  }
}

/** Not signed in, signed in wrongly, or no longer. */
export class AuthError extends DayflyError {}
/** Signed in, and not allowed. */
export class PermissionError extends DayflyError {}
/** It is not there, or not for this caller. */
export class NotFoundError extends DayflyError {}
/** Somebody else is changing the same thing. */
export class ConflictError extends DayflyError {}

/** One field that was refused. */
export interface FieldIssue {
  path: string;
  message: string;
}

/** The request breaks a rule; `fields` names the fields where the server does. */
export class ValidationError extends DayflyError {
  readonly fields: FieldIssue[];
  constructor(message: string, facts: Facts & { fields?: FieldIssue[] } = {}) {
    super(message, facts);
    this.fields = facts.fields ?? [];
  }
}

/** Too many requests; `retryAfter` is in seconds. */
export class RateLimitError extends DayflyError {
  readonly retryAfter: number | undefined;
  constructor(message: string, facts: Facts & { retryAfter?: number | undefined } = {}) {
    super(message, { retryable: true, ...facts });
    this.retryAfter = facts.retryAfter;
  }
}

/** The system that holds the accounts refused, or was not reached in time. `fix` is what to paste there. */
export class TargetError extends DayflyError {
  readonly fix: string | undefined;
  constructor(message: string, facts: Facts & { fix?: string | undefined } = {}) {
    super(message, facts);
    this.fix = facts.fix;
  }
}

/** The revocation is accepted and goes on without end, but nothing has proven the account gone yet. */
export class RevocationPendingError extends DayflyError {
  readonly leaseId: string | undefined;
  /** Seconds until the server tries again. */
  readonly retryAfter: number | undefined;
  /** Set where the lease was let go of by force: what is needed to find its account. */
  readonly leftBehind: LeftBehind | undefined;
  constructor(
    message: string,
    facts: Facts & {
      leaseId?: string | undefined;
      retryAfter?: number | undefined;
      leftBehind?: LeftBehind | undefined;
    } = {},
  ) {
    super(message, facts);
    this.leaseId = facts.leaseId;
    this.leftBehind = facts.leftBehind;
    this.retryAfter = facts.retryAfter;
  }
}

/** The server failed, or answered something that is not its own. */
export class ServerError extends DayflyError {}
/** The server was not reached, or the connection broke. */
export class TransportError extends DayflyError {}
/** No answer in time. */
export class TimeoutError extends DayflyError {}
