/**
 * The wire's error table: each name with its status and meaning, and the one body that all of them have.
 *
 * Owns what an error looks like outside. Which of our own errors becomes which row is the server's decision.
 */
import { z } from "zod";
import type { Issue } from "./route.ts";

/** Every error that can leave, by its wire name. */
export const errors = {
  BadRequest: { status: 400, means: "A rule is broken, a name is taken, or the target refused or was not reached." },
  UnauthorizedError: { status: 401, means: "No credentials were given, or they are not known." },
  PermissionDenied: { status: 403, means: "The caller lacks the right; `details` says which." },
  ForbiddenError: { status: 403, means: "Nobody may do this here." },
  TokenError: { status: 403, means: "The token is malformed, expired or revoked: sign in again." },
  NotFound: { status: 404, means: "There is no such thing, or it is gone." },
  RequestTimeout: { status: 408, means: "The request did not arrive in time." },
  Conflict: { status: 409, means: "Another change of the same thing is under way." },
  PayloadTooLarge: { status: 413, means: "The body is larger than a request may be." },
  UnsupportedMediaType: { status: 415, means: "The body is not JSON." },
  ValidationFailure: { status: 422, means: "A field is missing or malformed; `details` lists each issue." },
  RateLimitExceeded: { status: 429, means: "Too many requests: wait as `Retry-After` says." },
  InternalServerError: { status: 500, means: "The server failed; its log has the cause under `reqId`." },
  RevocationPending: {
    status: 503,
    means: "The target could not be reached or refused: the revocation is durable and goes on by itself.",
  },
  ServiceUnavailable: { status: 503, means: "The server is starting, draining, or without its store." },
  TargetTimeout: {
    status: 504,
    means: "The target did not answer in time: what was begun there is cleaned up, a renewal is finished.",
  },
} as const;

/** The wire name of an error. */
export type ErrorName = keyof typeof errors;

/** The status that an error is answered with. */
export function statusOf(name: ErrorName): number {
  return errors[name].status;
}

/** The body of every error. `message` is for people and one string; what a program needs is in `details`. */
export const errorBody = z
  .object({
    reqId: z.string(),
    statusCode: z.int(),
    message: z.string(),
    error: z.string(),
    details: z.unknown().optional(),
  })
  .meta({ id: "Error" });

/** The body of an error. */
export type ErrorBody = z.output<typeof errorBody>;

/** Writes the body of an error. */
export function errorReply(name: ErrorName, reqId: string, message: string, details?: unknown): ErrorBody {
  return { reqId, statusCode: statusOf(name), message, error: name, ...(details !== undefined && { details }) };
}

/** One readable sentence over issues; the issues themselves belong in `details`. */
export function validationMessage(issues: readonly Issue[]): string {
  const shown = issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length ? `${path.join(".")}: ${message}` : message));
  if (issues.length > shown.length) shown.push(`and ${issues.length - shown.length} more`);
  return shown.join("; ") || "The request is not valid";
}
