/** What the table files are handed: a place to run SQL, the keys, and who is asking. */
import type { Kysely, Transaction } from "kysely";
import type { Keyring } from "./keyring.ts";
import type { Tables } from "./tables.ts";

/** Enough to read. */
export interface Db {
  sql: Kysely<Tables>;
  keys: Keyring;
}

/** Enough for one statement that commits by itself. */
export interface Single extends Db {
  /** Callers with rows in it; counted as recorded once it has committed. */
  recording: Caller[];
}

/** Enough to write: everything in it is committed together, or nothing. */
export interface Tx extends Db {
  sql: Transaction<Tables>;
  /** Callers with rows in this transaction; counted as recorded once it has committed. */
  recording: Caller[];
  /** What is to be done once it has committed, and only then. */
  committed: (() => void)[];
}

/** Who asks. One object a request; it is also how a request's audit rows are known. */
export interface Caller {
  actor: { type: "identity" | "user" | "system" | "anonymous"; id: string | null; name: string };
  requestId: string;
  ip: string | null;
  userAgent: string | null;
}
