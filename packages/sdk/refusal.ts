/** Which error class a failed call becomes. */
import { leftBehindOf, type WireError } from "@dayfly/contract";
import {
  AuthError,
  ConflictError,
  type DayflyError,
  type Facts,
  type FieldIssue,
  NotFoundError,
  PermissionError,
  RateLimitError,
  RevocationPendingError,
  ServerError,
  TargetError,
  TimeoutError,
  TransportError,
  ValidationError,
} from "./errors.ts";

/** The error that an answer of the server is told as. */
export function refusal(answer: WireError): DayflyError {
  const { status, error: code, message, requestId, details } = answer;
  const facts: Facts = { status, code, ...(requestId && { requestId }), cause: answer };
  const retryAfter = answer.retryAfter ?? undefined;
  const more = asObject(details);

  if (status === 401 || code === "TokenError") return new AuthError(message, facts);
  if (status === 403) return new PermissionError(message, facts);
  if (code === "NotFound") return new NotFoundError(message, facts);
  if (status === 408) return new TimeoutError(message, { ...facts, retryable: true });
  if (status === 409) return new ConflictError(message, { ...facts, retryable: true });
  if (status === 422) return new ValidationError(message, { ...facts, fields: fieldsOf(details) });
  if (status === 429) return new RateLimitError(message, { ...facts, retryAfter });
  if (code === "RevocationPending") {
    const leftBehind = leftBehindOf(details);
    return new RevocationPendingError(message, { ...facts, leaseId: textOf(more.leaseId), retryAfter, leftBehind });
  }
  if (code === "TargetTimeout") return new TargetError(message, { ...facts, retryable: true });
  // A target's refusal is a 400 like any broken rule; only its details tell it apart.
  if (status === 400 && ("target" in more || "fix" in more || "steps" in more)) {
    return new TargetError(message, { ...facts, fix: textOf(more.fix) });
  }
  if (code === "BadRequest") return new ValidationError(message, facts);
  return new ServerError(message, { ...facts, retryable: status >= 502 && status <= 504 });
}

/** The error that a broken connection is told as. */
export function transportError(origin: string, cause: unknown): TransportError {
  const code = codeOf(cause);
  const why = reasons[code ?? ""] ?? (code ? `the connection failed (${code})` : "the connection failed");
  return new TransportError(`Could not reach ${origin}: ${why}`, { ...(code && { code }), retryable: true, cause });
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  EPROTO: "it does not speak TLS there; is it http instead of https?",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS there; is it http instead of https?",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed; name its CA in NODE_EXTRA_CA_CERTS",
  SELF_SIGNED_CERT_IN_CHAIN: "its CA is not trusted; name it in NODE_EXTRA_CA_CERTS",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its CA is not trusted; name it in NODE_EXTRA_CA_CERTS",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as Error & { code?: unknown };
  return typeof code === "string" ? code : codeOf(error.cause);
}

function fieldsOf(details: unknown): FieldIssue[] {
  if (!Array.isArray(details)) return [];
  return details.map(asObject).map(({ path, message }) => ({
    path: Array.isArray(path) ? path.join(".") : String(path ?? ""),
    message: String(message ?? ""),
  }));
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
