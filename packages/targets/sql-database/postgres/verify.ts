/**
 * Says whether a config will do, step by step, and prints the SQL that is missing.
 *
 * Owns how the facts of the dry run are worded and what mends them. Only a failed step keeps a config from being saved.
 */
import type { Step, StepName } from "../../define.ts";
import type { Config } from "../inputs.ts";
import { explain, hasCode, type PostgresError } from "./errors.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";
import { name, type Session } from "./session.ts";
import { look } from "./transaction.ts";

const OLDEST_TESTED = 12;

interface Admin {
  superuser: boolean;
  createrole: boolean;
  signals: boolean;
  recovery: boolean;
  readonly: boolean;
}

/** Yields the steps; changes nothing that lasts. */
export async function* verify(session: Session, config: Config): AsyncGenerator<Step> {
  const { host, port, database, username } = config;
  yield passed("reach", `${host}:${port} answers`);
  yield tls(session, config);
  yield passed("authenticate", `"${username}" may log in to database "${database}".`);
  let admin: Admin;
  let seen: Rehearsal;
  try {
    admin = await readAdmin(session);
    yield server(session, admin);
    if (admin.recovery || admin.readonly) return;
  } catch (error) {
    yield failed("server", explain(error));
    return;
  }
  try {
    seen = await rehearse(session, config);
  } catch (error) {
    yield failed("statements", `The dry run could not be made: ${explain(error)}`);
    return;
  }
  yield statements(config, seen);
  yield mayCreate(config, admin, seen);
  yield mayGrant(config, seen);
  yield mayEndSessions(config, admin, seen);
  yield mayDrop(seen);
  yield notTooMuch(session, admin);
}

async function readAdmin(session: Session): Promise<Admin> {
  const rows = await look(
    session,
    `SELECT rolsuper AS superuser, rolcreaterole AS createrole, pg_catalog.pg_has_role(oid, 'pg_signal_backend', 'USAGE') AS signals,
            pg_catalog.pg_is_in_recovery() AS recovery, pg_catalog.current_setting('transaction_read_only') = 'on' AS readonly
       FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER`,
  );
  return rows[0] as unknown as Admin;
}

function tls(session: Session, { ca }: Config): Step {
  if (session.tls === "verified") {
    return passed(
      "tls",
      `Encrypted; the certificate is verified ${ca === undefined ? "by the system's roots" : "by `ca`"}`,
    );
  }
  if (session.tls === "unverified") {
    return warned(
      "tls",
      "Encrypted, but the certificate is not checked (`sslRejectUnauthorized` is off): anybody in between could read along",
    );
  }
  return warned("tls", "Not encrypted: the password stays hidden (SCRAM), but everything else can be read in between");
}

function server({ version }: Session, { recovery, readonly }: Admin): Step {
  if (recovery)
    return failed("server", "This is a standby, where no role can be made: give the address of the primary");
  if (readonly) return failed("server", "The database is read-only for this admin: give the address of the primary");
  if (version < OLDEST_TESTED)
    return warned("server", `PostgreSQL ${version} is older than what was tested (${OLDEST_TESTED})`);
  return passed("server", `PostgreSQL ${version}, writable`);
}

const lacksRight = (error: PostgresError | undefined): boolean => hasCode(error, "42501", "0LP01");
const isGrant = (config: Config, part: number) =>
  ["GRANT", "REVOKE"].includes(config.creationStatement.script.statements[part]!.words[0]!);

function statements(config: Config, seen: Rehearsal): Step {
  // After a first failure the others mostly follow from it.
  for (const error of seen.creation.values()) if (!lacksRight(error)) return failed("statements", error.message);
  if (!seen.made && seen.creation.size === 0) {
    return failed(
      "statements",
      `The creation statement makes no role of the name it is given: write it as "{{username}}", in double quotes`,
    );
  }
  if (seen.renewal) return failed("statements", `The renewal statement fails: ${seen.renewal.message}`);
  if (seen.revocation?.code === "42601")
    return failed("statements", `The revocation statement fails: ${seen.revocation.message}`);
  if (seen.revocation && seen.revocation.code !== "2BP01") {
    return warned(
      "statements",
      `The revocation statement fails, and the built-in clean-up will do its work: ${seen.revocation.message}`,
    );
  }
  if (
    config.creationStatement.script.statements.some(({ words }) => words[0] === "GRANT" && words.includes("TABLES"))
  ) {
    return warned(
      "statements",
      "They work. Each lease adds an entry to the grants of every table, which gets slow with many leases and fails with about 2,400 at once: a group role that holds the grants does not",
    );
  }
  return passed("statements", "They work");
}

function mayCreate({ username }: Config, admin: Admin, seen: Rehearsal): Step {
  if (seen.made && !seen.mark) return passed("may-create", `"${username}" may make roles`);
  if (!admin.superuser && !admin.createrole) {
    return failed("may-create", `"${username}" may not make roles`, `ALTER ROLE ${name(username)} CREATEROLE;`);
  }
  const error = seen.mark ?? [...seen.creation.values()].find(lacksRight);
  if (error) return failed("may-create", error.message);
  return { step: "may-create", outcome: "unknown", message: "The creation statement has to work first" };
}

function mayGrant(config: Config, seen: Rehearsal): Step {
  const { statements: parts } = config.creationStatement.script;
  const bad = parts
    .map((_, part) => part)
    .filter((part) => isGrant(config, part) && (seen.hollow.has(part) || lacksRight(seen.creation.get(part))));
  if (bad.length > 0) {
    const message = `"${config.username}" may not pass on what ${bad.length === 1 ? "this statement grants" : "these statements grant"}: part ${bad.map((part) => part + 1).join(", ")} of the creation statement`;
    const fix = bad.map((part) => grantToAdmin(config, part)).filter((sql) => sql !== undefined);
    return failed("may-grant", message, fix.length > 0 ? fix.join("\n") : undefined);
  }
  if (seen.empty.size > 0) {
    return warned(
      "may-grant",
      "A grant on all objects of a schema grants nothing, since there is none yet. Leases get no right on later ones: the owner needs ALTER DEFAULT PRIVILEGES for a group role",
    );
  }
  return passed(
    "may-grant",
    parts.some((_, part) => isGrant(config, part)) ? "Every grant grants what it says" : "Nothing is granted",
  );
}

/** The operator's own grant, to the admin and with the right to pass it on. */
function grantToAdmin(config: Config, part: number): string | undefined {
  const only = config.creationStatement.only(part);
  if (!/\bTO\s+"?\{\{\s*username\s*\}\}"?\s*$/i.test(only.script.text)) return undefined;
  const sql = only({ username: config.username, database: config.database, password: "", expiration: "" });
  const option = only.script.statements[0]!.words.includes("ON") ? "GRANT" : "ADMIN";
  return `${sql.trim()} WITH ${option} OPTION;`;
}

function mayEndSessions({ username }: Config, admin: Admin, seen: Rehearsal): Step {
  if (admin.superuser || admin.signals) return passed("may-end-sessions", `"${username}" may end sessions`);
  if (!seen.made) {
    return {
      step: "may-end-sessions",
      outcome: "unknown",
      message: "Roles must be made first; whoever makes one may take it and end its sessions",
    };
  }
  if (!seen.takeRole)
    return passed("may-end-sessions", `"${username}" may take a role it made, and so end its sessions`);
  return failed(
    "may-end-sessions",
    `"${username}" may not end the sessions of a lease`,
    `GRANT pg_signal_backend TO ${name(username)};`,
  );
}

function mayDrop(seen: Rehearsal): Step {
  if (!seen.made) return { step: "may-drop", outcome: "unknown", message: "Roles must be made first" };
  if (seen.fence) return failed("may-drop", `A role cannot be locked: ${seen.fence.message}`);
  if (seen.drop && seen.leftovers.length > 0) {
    return failed(
      "may-drop",
      "The creation statement makes somebody else grant rights, which the admin cannot take back. A role that was made so needs:",
      seen.leftovers.join("\n"),
    );
  }
  if (seen.drop) return failed("may-drop", `A role cannot be dropped again: ${(seen.takeRole ?? seen.drop).message}`);
  if (seen.revocation?.code === "2BP01") {
    return passed(
      "may-drop",
      "The revocation statement alone fails (2BP01, grants remain); the built-in clean-up finishes the work",
    );
  }
  return passed("may-drop", "A role is dropped with all that it holds");
}

function notTooMuch({ version, config: { username } }: Session, admin: Admin): Step {
  if (admin.superuser)
    return warned(
      "not-too-much",
      `"${username}" is a superuser. CREATEROLE, and ownership of what it grants, are enough`,
    );
  if (version < 16 && admin.createrole) {
    return warned(
      "not-too-much",
      `On PostgreSQL ${version}, CREATEROLE lets "${username}" change and drop every role that is no superuser`,
    );
  }
  return passed("not-too-much", `"${username}" is no superuser`);
}

const passed = (step: StepName, message: string): Step => ({ step, outcome: "passed", message });
const warned = (step: StepName, message: string): Step => ({ step, outcome: "warned", message });
const failed = (step: StepName, message: string, fix?: string): Step =>
  fix === undefined ? { step, outcome: "failed", message } : { step, outcome: "failed", message, fix };
