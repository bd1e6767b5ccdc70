/**
 * Which error becomes which row of the wire's error table. Owns the whole mapping: what is not here is a 500 without
 * detail. A test holds that every error class of store and engine has its line.
 */
import { type ErrorName, validationMessage } from "@dayfly/contract";
import * as engine from "@dayfly/engine";
import * as store from "@dayfly/store";
import { Refusal } from "./refusal.ts";

/** What a request is answered with when it fails. */
export interface Answer {
  error: ErrorName;
  message: string;
  details?: unknown;
  retryAfter?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: error classes take whatever they like
type ErrorClass<E extends Error = Error> = new (...given: any[]) => E;
interface Line {
  is: ErrorClass;
  answer(error: Error): Answer;
}

function line<E extends Error>(
  is: ErrorClass<E>,
  name: ErrorName,
  more: (error: E) => Partial<Answer> = () => ({}),
): Line {
  return { is, answer: (error) => ({ error: name, message: error.message, ...more(error as E) }) };
}

const hidden = () => ({ message: "Something went wrong here; the server's log has more under this reqId" });

const lines: Line[] = [
  line(Refusal, "BadRequest", ({ error, details, retryAfter }) => ({ error, details, retryAfter })),
  line(store.NotFound, "NotFound"),
  line(store.Duplicate, "BadRequest"),
  line(store.Moved, "Conflict"),
  line(store.Unavailable, "ServiceUnavailable", () => ({
    message: "The database cannot be reached: try again",
    retryAfter: 1,
  })),
  line(store.SealBroken, "InternalServerError", hidden),
  line(store.WrongRootKey, "InternalServerError", hidden),
  line(engine.InvalidInputs, "ValidationFailure", ({ issues }) => ({
    message: validationMessage(issues.map((issue) => ({ code: "custom", ...issue }))),
    details: issues,
  })),
  line(engine.RuleBroken, "BadRequest"),
  line(engine.Frozen, "ForbiddenError", ({ freeze }) => ({ details: { freeze } })),
  line(engine.TargetRefused, "BadRequest", ({ fix, steps }) => ({
    // Clients tell a target's refusal from a broken rule by it.
    details: { target: true, fix, steps },
  })),
  line(engine.AddressRefused, "BadRequest"),
  line(engine.TargetTimeout, "TargetTimeout"),
  line(engine.RevocationPending, "RevocationPending", ({ retryAfter, leaseId, leftBehind }) => ({
    retryAfter,
    details: { leaseId, leftBehind },
  })),
  line(engine.RenewConflict, "Conflict", () => ({ retryAfter: 1 })),
  // Clients that never got the other answer ask again; they tell this conflict by it.
  line(engine.RepeatConflict, "Conflict", () => ({ retryAfter: 1, details: { repeat: true } })),
];

/** Whether an error has a line of its own here. */
export function isMapped(error: ErrorClass): boolean {
  return lines.some(({ is }) => is === error);
}

/** What HTTP itself refuses, by Fastify's code. */
const http: Record<string, { error: ErrorName; message: string }> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { error: "UnsupportedMediaType", message: "Send the body as application/json" },
  FST_ERR_CTP_BODY_TOO_LARGE: { error: "PayloadTooLarge", message: "The body is larger than 1 MiB" },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    error: "BadRequest",
    message: "The body is not as long as Content-Length says",
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { error: "BadRequest", message: "The body is not JSON" },
  FST_ERR_BAD_URL: { error: "BadRequest", message: "The address is not well-formed" },
};

/** The answer for whatever was thrown; `internal` when the log should have it. */
export function answerTo(error: unknown): Answer & { internal: boolean } {
  if (!(error instanceof Error)) return { error: "InternalServerError", ...hidden(), internal: true };
  const found = lines.find(({ is }) => error instanceof is);
  if (found) {
    const answer = found.answer(error);
    return { ...answer, internal: answer.error === "InternalServerError" };
  }
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const refused = typeof code === "string" && Object.hasOwn(http, code) ? http[code] : undefined;
  if (refused) return { ...refused, internal: false };
  // Fastify's own 4xx (a header too long, a body that broke off): nothing of the input is repeated. Before the database is
  // suspected: a caller's lost connection has the same code as one of ours.
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return { error: "BadRequest", message: "The request is not well-formed", internal: false };
  }
  if (store.isUnavailable(error)) {
    return {
      error: "ServiceUnavailable",
      message: "The database cannot be reached: try again",
      retryAfter: 1,
      internal: true,
    };
  }
  return { error: "InternalServerError", ...hidden(), internal: true };
}
