/**
 * Ending an account, up to its removal: no new login, no open session, then the operator's own statement.
 */
import { type Entity, TargetError } from "../../define.ts";
import type { Config } from "../inputs.ts";
import { inScript, stands } from "./create.ts";
import { hasCode } from "./errors.ts";
import { name, type Session, text } from "./session.ts";
import { LOCK_GRANTS, lockRole, look, touchesGrants, transact } from "./transaction.ts";

/** Makes new logins impossible at once. Open sessions go on. */
export async function fence(session: Session, { entityId }: Entity): Promise<void> {
  try {
    await transact(session, [`ALTER ROLE ${name(entityId)} NOLOGIN PASSWORD NULL CONNECTION LIMIT 0`]);
  } catch (error) {
    if (!hasCode(error, "42704")) throw error;
  }
}

/** Ends the role's open sessions and says how many it found; 0 only after two looks in a row. */
export async function killSessions(session: Session, entity: Entity): Promise<number> {
  for (let looks = 0; looks < 2; looks += 1) {
    const sessions = await look(session, openSessions(entity));
    if (sessions.length === 0) continue;
    await terminate(session, entity);
    await awaitEnd(session, entity);
    return sessions.length;
  }
  return 0;
}

/** A session that is still on its way out would be counted again by the next look. */
async function awaitEnd(session: Session, entity: Entity): Promise<void> {
  if (session.version < 14) return;
  await look(session, `SELECT pg_catalog.pg_terminate_backend(pid, 1000) FROM (${openSessions(entity)}) AS open`);
}

async function terminate(session: Session, entity: Entity): Promise<void> {
  const sql = `SELECT pg_catalog.pg_terminate_backend(pid) FROM (${openSessions(entity)}) AS open`;
  try {
    await look(session, sql);
  } catch (error) {
    if (!hasCode(error, "42501")) throw error;
    // Who holds the role may end its sessions, and who made it may give it to himself.
    if (!(await stands(session, entity.entityId))) throw mayNotSignal(session);
    await takeRole(session, entity.entityId);
    await look(session, sql);
  }
}

/** Gives the role to the admin, who needs its rights to end its sessions, to take over and to drop what it owns. */
export async function takeRole(session: Session, entityId: string): Promise<void> {
  const take = `GRANT ${name(entityId)} TO CURRENT_USER`;
  try {
    await transact(session, [lockRole(entityId), take]);
  } catch (error) {
    if (!hasCode(error, "0LP01")) throw error;
    // The role was given the admin's own, and two roles cannot be members of each other.
    await transact(session, [
      lockRole(entityId),
      `REVOKE ${name(session.config.username)} FROM ${name(entityId)}`,
      take,
    ]);
  }
}

function mayNotSignal({ config }: Session): TargetError {
  return new TargetError("refused", "The role is gone, but its session is open, and the admin may not end it", {
    fix: `GRANT pg_signal_backend TO ${name(config.username)};`,
  });
}

/** The sessions of the role by its oid: after a drop they have no name any more. Never those of a later role with that oid. */
function openSessions({ entityId, keep }: Entity): string {
  const kept = keep?.oid && /^\d{1,10}$/.test(keep.oid) ? keep.oid : "0";
  return `SELECT pid FROM pg_catalog.pg_stat_activity AS a WHERE pid <> pg_catalog.pg_backend_pid() AND (
    usesysid = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ${text(entityId)})
    OR usesysid = ${kept}::pg_catalog.oid AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE oid = a.usesysid AND rolname <> ${text(entityId)}))`;
}

/** Runs the operator's revocation statement, if the role is there. */
export async function revoke(session: Session, config: Config, { entityId }: Entity): Promise<void> {
  const sql = config.revocationStatement({ username: entityId, database: config.database });
  const { script } = config.revocationStatement;
  const turns = [lockRole(entityId), ...(touchesGrants(script) ? [LOCK_GRANTS] : [])];
  try {
    await transact(session, [...turns, `${sql}\n`, "RESET ROLE"]);
  } catch (error) {
    if (!(await stands(session, entityId))) return;
    throw inScript(error, "revocation", config.revocationStatement, 2 + turns.length);
  }
}

/** Moves the end that the server itself keeps. */
export async function renew(session: Session, config: Config, { entityId }: Entity, expiresAt: Date): Promise<void> {
  const expiration = expiresAt.toISOString();
  const { renewStatement } = config;
  if (!renewStatement) {
    await transact(session, [`ALTER ROLE ${name(entityId)} VALID UNTIL ${text(expiration)}`]);
    return;
  }
  const turns = touchesGrants(renewStatement.script) ? [LOCK_GRANTS] : [];
  const sql = renewStatement({ username: entityId, expiration, database: config.database });
  try {
    await transact(session, [...turns, `${sql}\n`, "RESET ROLE"]);
  } catch (error) {
    throw inScript(error, "renewal", renewStatement, 2 + turns.length);
  }
}

/** Whether the role, or a session of it, is still there. */
export async function exists(session: Session, entity: Entity): Promise<boolean> {
  const role = `SELECT FROM pg_catalog.pg_roles WHERE rolname = ${text(entity.entityId)}`;
  const rows = await look(session, `SELECT EXISTS (${role}) OR EXISTS (${openSessions(entity)}) AS there`);
  return rows[0]!.there === true;
}
