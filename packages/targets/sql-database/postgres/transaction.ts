/**
 * A verb's work on the server as one transaction: all of it or nothing, within limits that the server keeps.
 *
 * Owns retries after clashes with others, and the lock that keeps our own from clashing: two transactions that change the
 * grants of one object fail with "tuple concurrently updated" or a deadlock. The lock lives in the target, so it holds over
 * several nodes, and in the transaction, so it works through a pooler.
 */
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Script } from "../../statement.ts";
import { hasCode } from "./errors.ts";
import { run, type Session, text } from "./session.ts";

/** The first 63 bits of SHA-256("dayfly: grants"); advisory locks are per database, so every config uses the same. */
const GRANTS_LOCK = "5050557914252791480";
/** The first 31 bits of SHA-256("dayfly: role"). */
const ROLE_LOCK = 1_269_887_697;
const RETRIES = 3;
const STATEMENT_SECONDS = 20;
const LOCK_SECONDS = 10;

/** Takes the lock of those who change grants, until the transaction ends. */
export const LOCK_GRANTS = `SELECT pg_catalog.pg_advisory_xact_lock(${GRANTS_LOCK})`;

/**
 * Takes the lock of one role, until the transaction ends; before the other lock, where both are taken. A GRANT of a role
 * that runs beside its DROP can leave a membership of nothing behind.
 */
export function lockRole(username: string): string {
  const key = createHash("sha256").update(`dayfly: role ${username}`).digest().readInt32BE();
  return `SELECT pg_catalog.pg_advisory_xact_lock(${ROLE_LOCK}, ${key})`;
}

const setting = (key: string, value: string) => `pg_catalog.set_config('${key}', ${value}, true)`;

/** Limits for what ends a lease; warnings are let through, since some of them are answers. */
export const LIMITS = `SELECT ${setting("statement_timeout", `'${STATEMENT_SECONDS}s'`)}, ${setting("lock_timeout", `'${LOCK_SECONDS}s'`)}, ${setting("idle_in_transaction_session_timeout", `'${STATEMENT_SECONDS}s'`)}, ${setting("client_min_messages", "'warning'")}`;

/**
 * Limits for a creation: it may use what is left until the deadline, by the server's clock, and past it this statement
 * fails with 22023. A node that sleeps in the middle loses its session, and with it the lock.
 */
export function limitsUntil(deadline: Date): string {
  const left = `pg_catalog.ceil(1000 * extract(epoch FROM (${text(deadline.toISOString())}::pg_catalog.timestamptz - pg_catalog.clock_timestamp())))`;
  const value = `CASE WHEN ${left} > 0 THEN ${left}::pg_catalog.text ELSE 'past the deadline' END`;
  return `SELECT ${setting("statement_timeout", value)}, ${setting("lock_timeout", value)}, ${setting("idle_in_transaction_session_timeout", value)}, ${setting("client_min_messages", "'warning'")}`;
}

/** Runs SQL as one transaction within the usual limits; `check` looks at the warnings before the commit. */
export async function transact(session: Session, sql: string[], check?: (notices: string[]) => void) {
  return again(async () => {
    try {
      const begun = ["BEGIN", LIMITS, ...sql];
      if (!check) return (await run(session, [...begun, "COMMIT"].join(";\n"))).slice(2, -1);
      const rows = await run(session, begun.join(";\n"));
      check(session.notices);
      await run(session, "COMMIT");
      return rows.slice(2);
    } catch (error) {
      await rollback(session);
      throw error;
    }
  });
}

/**
 * As `transact`, and then a look at what stands after the commit, in the same message: the look is a transaction of its
 * own, so it sees what others have committed by then. @returns the rows of the look
 */
export function transactAndLook(session: Session, sql: string[], seen: string): Promise<Record<string, unknown>[]> {
  return again(async () => {
    try {
      return (await run(session, ["BEGIN", LIMITS, ...sql, "COMMIT", LIMITS, seen].join(";\n"))).at(-1)!;
    } catch (error) {
      await rollback(session);
      throw error;
    }
  });
}

/** Reads within the usual limits, in one round trip. */
export async function look(session: Session, sql: string): Promise<Record<string, unknown>[]> {
  return (await run(session, `${LIMITS};\n${sql}`))[1]!;
}

/** Ends a failed transaction; where the connection is lost, the server has ended it. */
export async function rollback(session: Session): Promise<void> {
  await run(session, "ROLLBACK").catch(() => {});
}

/** Does the work again after a clash with somebody else's, up to three times. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let retry = 1; ; retry += 1) {
    try {
      return await work();
    } catch (error) {
      if (retry > RETRIES || !hasCode(error, "XX000", "40P01", "40001", "55P03")) throw error;
      await pause(20 * retry);
    }
  }
}

/** What surely touches no object's list of grants. Everything else takes the lock. */
const HARMLESS = [/^(CREATE|ALTER|DROP) (ROLE|USER|GROUP)\b/, /^(GRANT|REVOKE) (?!.*\bON\b)/, /^(COMMENT|SET|RESET)\b/];

/** Whether a script may change grants on objects, and therefore must take turns. */
export function touchesGrants({ statements }: Script): boolean {
  return statements.some(({ words }) => !HARMLESS.some((pattern) => pattern.test(words.join(" "))));
}
