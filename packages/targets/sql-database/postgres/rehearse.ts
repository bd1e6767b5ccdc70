/**
 * The dry run of a config: a role is made, given its rights, renewed, fenced and dropped in one transaction that is rolled
 * back. What it says about the admin's rights are facts, and nothing of it lasts.
 */
import { randomBytes } from "node:crypto";
import type { Config } from "../inputs.ts";
import { creationSql, inScript, stands } from "./create.ts";
import { dropOwnedSql, grantsOfOthers } from "./drop.ts";
import { hasCode, type PostgresError } from "./errors.ts";
import { name, run, type Session, text } from "./session.ts";
import { LIMITS, LOCK_GRANTS, rollback } from "./transaction.ts";

/** What the server said to each part. An absent error means that the part works. */
export interface Rehearsal {
  /** Parts of the creation statement that failed, by their number. */
  creation: Map<number, PostgresError>;
  /** Grants that PostgreSQL merely warned of: they grant nothing. */
  hollow: Set<number>;
  /** Grants on all objects of a schema that holds none. */
  empty: Set<number>;
  /** Whether the creation made the role of the name it was given. */
  made: boolean;
  mark?: PostgresError;
  renewal?: PostgresError;
  fence?: PostgresError;
  revocation?: PostgresError;
  takeRole?: PostgresError;
  drop?: PostgresError;
  /** What others must take back before the role can go. */
  leftovers: string[];
}

/** Runs it. @throws TargetError when the server cannot be asked at all. */
export async function rehearse(session: Session, config: Config): Promise<Rehearsal> {
  const seen: Rehearsal = { creation: new Map(), hollow: new Set(), empty: new Set(), made: false, leftovers: [] };
  // Upper case and a dash: a name that is not quoted properly shows here, not at the first lease.
  const username = `Dayfly-verify-${randomBytes(9).toString("hex")}`;
  try {
    await run(session, ["BEGIN", LIMITS, LOCK_GRANTS].join(";\n"));
    await rehearseCreation(session, config, username, seen);
    seen.made = await stands(session, username);
    if (seen.made) await rehearseEnd(session, config, username, seen);
    else await rehearseGrants(session, config, seen);
    return seen;
  } finally {
    await rollback(session);
  }
}

async function rehearseCreation(session: Session, config: Config, username: string, seen: Rehearsal): Promise<void> {
  const { statements } = config.creationStatement.script;
  const parts = await Promise.all(statements.map((_, part) => creationPart(config, part, username)));
  const kinds = new Set<string>();
  let entries = await countGrants(session, username);
  for (const [part, sql] of parts.entries()) {
    const error = await attempt(session, sql);
    if (error) seen.creation.set(part, inScript(error, "creation", config.creationStatement, -part) as PostgresError);
    else if (session.notices.includes("01007")) seen.hollow.add(part);
    const kind = /\bON ALL (\w+) IN SCHEMA\b/.exec(statements[part]!.words.join(" "))?.[1];
    if (!kind || error) continue;
    const now = await countGrants(session, username);
    // A second grant on the same objects adds no entry either.
    if (now === entries && !kinds.has(kind) && !seen.hollow.has(part)) seen.empty.add(part);
    kinds.add(kind);
    entries = now;
  }
}

/** Where the role cannot be made, its grants are tried on the admin: whether one may pass a right on depends on no grantee. */
async function rehearseGrants(session: Session, config: Config, seen: Rehearsal): Promise<void> {
  for (const [part, { words }] of config.creationStatement.script.statements.entries()) {
    if (words[0] !== "GRANT" || !words.includes("ON")) continue;
    const error = await attempt(session, await creationPart(config, part, config.username));
    if (!error) seen.creation.delete(part);
    else seen.creation.set(part, inScript(error, "creation", config.creationStatement, -part) as PostgresError);
    if (!error && session.notices.includes("01007")) seen.hollow.add(part);
  }
}

async function rehearseEnd(session: Session, config: Config, username: string, seen: Rehearsal): Promise<void> {
  const role = name(username);
  const { database } = config;
  const expiration = new Date(0).toISOString();
  const renewal = config.renewStatement?.({ username, expiration, database });
  seen.mark = await attempt(session, `RESET ROLE; COMMENT ON ROLE ${role} IS 'dayfly: verify'`);
  seen.renewal = await attempt(session, renewal ?? `ALTER ROLE ${role} VALID UNTIL ${text(expiration)}`);
  seen.fence = await attempt(session, `RESET ROLE; ALTER ROLE ${role} NOLOGIN PASSWORD NULL CONNECTION LIMIT 0`);
  // The operator's statement is tried for itself: what it removes must not hide what the clean-up cannot.
  await run(session, "SAVEPOINT before_revocation");
  seen.revocation = await attempt(session, config.revocationStatement({ username, database }));
  await run(session, "ROLLBACK TO SAVEPOINT before_revocation; RESET ROLE");
  seen.takeRole = await attempt(session, `GRANT ${role} TO CURRENT_USER`);
  seen.drop = await attempt(session, dropOwnedSql(config, username).join(";\n"));
  if (seen.drop) return;
  const rows = await run(session, grantsOfOthers(username));
  seen.leftovers = rows[0]!.map(({ sql }) => String(sql));
  seen.drop = await attempt(session, `DROP ROLE ${role}`);
}

async function creationPart(config: Config, part: number, username: string): Promise<string> {
  const account = { username, password: randomBytes(24).toString("hex"), expiresAt: new Date(0) };
  // One round: nobody will log in with this password.
  return creationSql(
    { ...config, creationStatement: config.creationStatement.only(part), scramIterations: 1 },
    account,
  );
}

/** Tries SQL and keeps the transaction usable. @throws what is no refusal of the server. */
async function attempt(session: Session, sql: string): Promise<PostgresError | undefined> {
  await run(session, "SAVEPOINT attempt");
  try {
    await run(session, sql);
    const { notices } = session;
    await run(session, "RELEASE SAVEPOINT attempt");
    session.notices = notices;
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await run(session, "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt");
    return error;
  }
}

const isRefusal = (error: unknown): error is PostgresError =>
  error instanceof Error && error.name === "PostgresError" && !hasCode(error, "57P01", "57P02", "57P03");

async function countGrants(session: Session, username: string): Promise<number> {
  const rows = await run(
    session,
    `SELECT pg_catalog.count(*)::pg_catalog.int4 AS n FROM pg_catalog.pg_shdepend AS s JOIN pg_catalog.pg_roles AS r ON r.oid = s.refobjid
      WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND r.rolname = ${text(username)}`,
  );
  return Number(rows[0]![0]!.n);
}
