/**
 * What went wrong on a PostgreSQL server, in our own words.
 *
 * Owns the way from a SQLSTATE or a socket's code to a sentence and a class. Nothing of the driver's error is kept: its text,
 * detail and position may hold what stood in the statement.
 */
import { type ErrorClass, TargetError } from "../../define.ts";

/** The server's own refusal of a statement. */
export class PostgresError extends TargetError {
  override name = "PostgresError";
  /** SQLSTATE. */
  readonly code: string;
  /** How many statements of the same message had been completed before. */
  readonly completed: number;
  constructor(code: string, completed: number, options: { message?: string; fix?: string } = {}) {
    super(classOf(code), options.message ?? sentenceOf(code), options.fix === undefined ? {} : { fix: options.fix });
    this.code = code;
    this.completed = completed;
  }
}

/** Whether an error is the server's, with one of these SQLSTATEs. */
export function hasCode(error: unknown, ...codes: string[]): error is PostgresError {
  return error instanceof PostgresError && codes.includes(error.code);
}

const SENTENCES: Record<string, string> = {
  "01006": "the rights were granted by somebody else, who must take them back",
  "01007": "the admin holds a right without being allowed to pass it on, so the grant grants nothing",
  "0LP01": "the roles would be members of each other",
  "22023": "a setting was given a value that this server does not know",
  "23505": "a row of that key is there already",
  "25001": "it cannot run inside a transaction",
  "25P03": "the work stood still too long, and the server ended it",
  "25P04": "the work took too long, and the server ended it",
  "25006": "the database is read-only: give the address of the primary",
  "28000": "the server does not let this user in from this address, or the account may not log in",
  "28P01": "the login was refused: wrong user, wrong password, or one that has expired",
  "2BP01": "something still depends on it: what the role owns, or the grants it holds",
  "3D000": "there is no database of that name",
  "3F000": "there is no schema of that name",
  "40001": "somebody changed the same thing at the same moment",
  "40P01": "somebody changed the same thing at the same moment",
  "42501": "the admin lacks a right",
  "42601": "the SQL has a syntax error",
  "42622": "a name is longer than 63 bytes",
  "42703": "there is no column of that name",
  "42704": "there is no role or object of that name",
  "42710": "the name is in use",
  "42883": "there is no function of that name",
  "42P01": "there is no table of that name",
  "53300": "the server, or this role, has no connection left",
  "54000": "a table's list of grants is full: grant to one group role instead of to each lease",
  "55000": "the server is not in a state for it",
  "55P03": "a lock was not to be had in time",
  "57014": "it took too long and was stopped",
  "57P01": "the server ended the connection",
  "57P02": "the server is restarting after a crash",
  "57P03": "the server is starting or stopping",
  XX000: "somebody changed the same thing at the same moment",
};

function sentenceOf(code: string): string {
  const known = SENTENCES[code];
  return known ? `PostgreSQL: ${known} (${code})` : `PostgreSQL refused it with SQLSTATE ${code}`;
}

function classOf(code: string): ErrorClass {
  if (code.startsWith("28")) return "auth";
  if (/^(08|57P|25P0[34])/.test(code)) return "unreachable";
  if (code.startsWith("53") || ["40001", "40P01", "55P03", "57014", "XX000"].includes(code)) return "busy";
  return "refused";
}

const SOCKET: Record<string, string> = {
  ECONNREFUSED: "nothing listens on that port",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the name could not be looked up",
  ETIMEDOUT: "there was no answer in time",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed: give it as `ca`",
  SELF_SIGNED_CERT_IN_CHAIN:
    "its certificate is signed by an authority that is not trusted here: give that one as `ca`",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate is signed by an authority that is not trusted here: give that one as `ca`",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "its certificate is signed by an authority that is not trusted here: give that one as `ca`",
  UNABLE_TO_GET_ISSUER_CERT:
    "its certificate is signed by an authority that is not trusted here: give that one as `ca`",
};

/** Whether a socket's error says that TLS failed, not the network. */
export function isTlsError(error: unknown): boolean {
  const code = codeOf(error);
  return /CERT|SSL|TLS|SIGNATURE/.test(code);
}

/** The words for a socket's error code. */
export function socketSentence(error: unknown): string {
  const code = codeOf(error);
  return SOCKET[code] ?? (isTlsError(error) ? "the TLS handshake failed" : "the connection failed");
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

/** The class of anything a verb of this target throws. */
export function classify(error: unknown): ErrorClass {
  return error instanceof TargetError ? error.errorClass : "refused";
}

/** One sentence for anything a verb of this target throws. */
export function explain(error: unknown): string {
  return error instanceof TargetError || (error instanceof Error && error.name === "NameTaken")
    ? error.message
    : "The database could not be worked with, for a reason that is not known here";
}
