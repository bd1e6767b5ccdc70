/** How a command ends: exit codes, and the errors that carry them. Only `main.ts` sets the process's own code. */
import {
  AuthError,
  ConflictError,
  DayflyError,
  NotFoundError,
  PermissionError,
  RevocationPendingError,
  TargetError,
  TimeoutError,
  TransportError,
  ValidationError,
} from "@dayfly/sdk";

/** What each exit code means. */
export const exitCodes = {
  ok: 0,
  other: 1,
  usage: 2,
  notSignedIn: 3,
  forbidden: 4,
  notFound: 5,
  invalid: 6,
  targetRefused: 7,
  serverUnreachable: 8,
  pending: 9,
  interrupted: 130,
} as const;

/** A failure of the command line itself: what happened, what to do, and the code to end with. */
export class CliError extends Error {
  override name = "CliError";
  readonly code: number;
  readonly hint: string | undefined;
  constructor(kind: keyof typeof exitCodes, message: string, hint?: string) {
    super(message);
    this.code = exitCodes[kind];
    this.hint = hint;
  }
}

/** A mistake in what was typed. */
export function usage(message: string, hint?: string): CliError {
  return new CliError("usage", message, hint);
}

/** The exit code of any failure. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.code;
  if (error instanceof AuthError) return exitCodes.notSignedIn;
  if (error instanceof PermissionError) return exitCodes.forbidden;
  if (error instanceof NotFoundError) return exitCodes.notFound;
  if (error instanceof ConflictError || error instanceof ValidationError) return exitCodes.invalid;
  if (error instanceof TargetError) return exitCodes.targetRefused;
  if (error instanceof RevocationPendingError) return exitCodes.pending;
  if (error instanceof TransportError || error instanceof TimeoutError) return exitCodes.serverUnreachable;
  return exitCodes.other;
}

/** The lines to print for a failure. */
export function explain(error: unknown): string[] {
  if (error instanceof CliError) return [`error: ${error.message}`, ...(error.hint ? [error.hint] : [])];
  if (!(error instanceof DayflyError)) {
    // Not ours to word: a defect here, or the system's own refusal (a file, a pipe).
    return [`error: ${error instanceof Error ? error.message : String(error)}`];
  }
  const lines = [`error: ${error.message}`];
  if (error instanceof ValidationError) {
    for (const { path, message } of error.fields)
      if (!error.message.includes(message)) lines.push(`  ${path}: ${message}`);
  }
  if (error instanceof TargetError && error.fix) lines.push("To mend it, run there:", error.fix);
  if (error instanceof AuthError) lines.push("Sign in with: dayfly login --method universal-auth --client-id ID");
  if (error instanceof RevocationPendingError) {
    const next = error.retryAfter === undefined ? "" : `Next try in ${error.retryAfter} s. `;
    lines.push(`${next}Watch it with --wait 60s; the server goes on either way`);
  }
  if (error.requestId) lines.push(`request ${error.requestId}`);
  return lines;
}
