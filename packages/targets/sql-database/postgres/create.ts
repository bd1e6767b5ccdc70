/**
 * Making an account: one transaction, before its deadline, with a mark, or nothing at all.
 */
import { type Account, type Issued, NameTaken, TargetError } from "../../define.ts";
import type { Script } from "../../statement.ts";
import type { Config } from "../inputs.ts";
import { hasCode, PostgresError } from "./errors.ts";
import { scramVerifier } from "./scram.ts";
import { name, run, type Session, text } from "./session.ts";
import { again, LOCK_GRANTS, limitsUntil, rollback, touchesGrants } from "./transaction.ts";

/** PostgreSQL cuts a longer name with a mere notice, and the cut one may be somebody else's. */
const LONGEST_NAME = 63;

/** Makes the account. @throws NameTaken, PostgresError, TargetError */
export async function create(session: Session, config: Config, account: Account): Promise<Issued> {
  const { username, password } = account;
  checkName(username);
  const sql = await creationSql(config, account);
  return again(async () => {
    try {
      const oid = await attempt(session, config, account, sql);
      return {
        entityId: username,
        data: { DB_USERNAME: username, DB_PASSWORD: password },
        keep: { oid },
        where: { host: config.host, port: config.port, database: config.database, tls: session.tls !== "none" },
      };
    } catch (error) {
      await rollback(session);
      // 42710 may speak of another object than the role, so the catalogue has the word.
      if (hasCode(error, "42710", "23505") && (await stands(session, username))) throw taken(username);
      throw error;
    }
  });
}

/** The creation statement with an account's values; the password goes as a verifier wherever that will do. */
export async function creationSql(
  config: Config,
  account: Pick<Account, "username" | "password" | "expiresAt">,
): Promise<string> {
  const { username, password, expiresAt } = account;
  const values = { username, password, expiration: expiresAt.toISOString(), database: config.database };
  if (config.passwordFormat === "plain") return config.creationStatement(values);
  return config.creationStatement(values, { verifier: await scramVerifier(password, config.scramIterations) });
}

async function attempt(session: Session, config: Config, account: Account, sql: string): Promise<string> {
  const { username, deadline, mark } = account;
  const limits = limitsUntil(deadline);
  const before = ["BEGIN", limits];
  // The wait for the lock is not the act: past it, the deadline counts anew.
  if (touchesGrants(config.creationStatement.script)) before.push(LOCK_GRANTS, limits);
  const rows = await run(session, [...before, found(username)].join(";\n")).catch((error) => {
    throw hasCode(error, "22023") ? late(error) : error;
  });
  if (rows.at(-1)!.length > 0) throw taken(username);
  // A script may have put on another role; the mark and the commit are the admin's.
  const after = `RESET ROLE;\nCOMMENT ON ROLE ${name(username)} IS ${text(mark)};\n${found(username)}`;
  const { statements } = config.creationStatement.script;
  const made = await run(session, `${sql}\n;${after}`).catch((error) => {
    if (hasCode(error, "42704") && error.completed > statements.length) throw otherName();
    throw inScript(error, "creation", config.creationStatement);
  });
  if (session.notices.includes("01007")) throw grantsNothing();
  await run(session, `${limits};\nCOMMIT`).catch((error) => {
    throw hasCode(error, "22023") ? late(error) : error;
  });
  return String(made.at(-1)![0]!.oid);
}

const found = (username: string) => `SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ${text(username)}`;

/** Whether a role of that exact name is there. */
export async function stands(session: Session, username: string): Promise<boolean> {
  return (await run(session, found(username)))[0]!.length > 0;
}

/** Says which of the operator's statements an error came from; `before` of ours came first in the same message. */
export function inScript(error: unknown, which: string, { script }: { script: Script }, before = 0): unknown {
  if (!(error instanceof PostgresError)) return error;
  const index = error.completed - before;
  const statement = script.statements[index];
  if (!statement) return error;
  const kind = statement.words[0] ?? "";
  const message = `In the ${which} statement, part ${index + 1} of ${script.statements.length} (${kind}): ${error.message}`;
  return new PostgresError(error.code, error.completed, { message });
}

function checkName(username: string): void {
  if (username === "" || Buffer.byteLength(username) > LONGEST_NAME) {
    throw new TargetError("refused", `PostgreSQL takes names of 1 to ${LONGEST_NAME} bytes; this one would be cut`);
  }
}

function taken(username: string): NameTaken {
  return new NameTaken(`A role named "${username}" is there already; it is left alone`);
}

function late(error: PostgresError): TargetError {
  return new TargetError("busy", "The server came to it after the deadline, so nothing was made", { cause: error });
}

function otherName(): TargetError {
  const message = `The creation statement ran, but made no role of the name it was given. Write it as "{{username}}", in double quotes`;
  return new TargetError("refused", message);
}

/** What a creation fails with when a GRANT was only warned of. */
export function grantsNothing(): PostgresError {
  const message =
    "A GRANT of the creation statement grants nothing: the admin holds that right without being allowed to pass it on (01007)";
  return new PostgresError("01007", 0, { message });
}
