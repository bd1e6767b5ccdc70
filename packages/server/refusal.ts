/** The HTTP layer's own way of saying no; what store and engine throw is mapped in `errors.ts`. */
import type { ErrorName } from "@dayfly/contract";

/** Ends a request with a row of the wire's error table. The message is for people and never carries what was sent. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly error: ErrorName;
  readonly details: unknown;
  /** Seconds after which it may be asked again. */
  readonly retryAfter: number | undefined;
  constructor(error: ErrorName, message: string, more: { details?: unknown; retryAfter?: number } = {}) {
    super(message);
    this.error = error;
    this.details = more.details;
    this.retryAfter = more.retryAfter;
  }
}
