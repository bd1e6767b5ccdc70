/**
 * Ending an account, up to its removal: no new login, no open session, then the operator's own statement.
 */
import { type Entity, type Fenced, type Left, TargetError } from "../../define.ts";
import type { Config } from "../inputs.ts";
import { inScript, stands } from "./create.ts";
import { hasCode } from "./errors.ts";
import { name, type Session, text } from "./session.ts";
import { LOCK_GRANTS, lockRole, look, touchesGrants, transact, transactAndLook } from "./transaction.ts";

/** Makes new logins impossible at once, and counts the open sessions, which go on. */
export async function fence(session: Session, entity: Entity): Promise<Fenced> {
  const { entityId, keep } = entity;
  try {
    const shut = `ALTER ROLE ${name(entityId)} NOLOGIN PASSWORD NULL CONNECTION LIMIT 0`;
    const { length: sessions } = await transactAndLook(session, [shut], openSessions(entity));
    // Who was just logging in is seen later. Without the oid only while the role stands, so that is looked for apart.
    return keep?.oid ? { there: true, sessions } : { there: true };
  } catch (error) {
    // Whoever drops it in this moment takes the admin's hold on it away first.
    const isGone = hasCode(error, "42704") || (hasCode(error, "42501") && !(await stands(session, entityId)));
    if (!isGone) throw error;
    return { there: false };
  }
}

/** Ends the role's open sessions and says how many it found. */
export async function killSessions(session: Session, entity: Entity): Promise<number> {
  const sessions = await look(session, openSessions(entity));
  if (sessions.length === 0) return 0;
  await terminate(session, entity);
  await awaitEnd(session, entity);
  return sessions.length;
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

/**
 * The sessions of the role by its oid: after a drop they have no name any more. Never those of a later role with that oid.
 * Asked of functions, since to plan the views of the same names costs several times what the answer does.
 */
function openSessions(entity: Entity): string {
  const { entityId } = entity;
  const kept = keptOid(entity) ?? "0";
  const ours = `pg_catalog.pg_get_userbyid(${kept}) IN (${text(entityId)}, 'unknown (OID=${kept})')`;
  return `SELECT pid FROM pg_catalog.pg_stat_get_activity(NULL) WHERE pid <> pg_catalog.pg_backend_pid()
    AND usesysid IN (pg_catalog.to_regrole(${text(name(entityId))}), CASE WHEN ${ours} THEN ${kept}::pg_catalog.oid END)`;
}

/** The role's oid as it was kept when the role was made, fit to be written into SQL. */
export function keptOid({ keep }: Entity): string | undefined {
  return keep?.oid && /^\d{1,10}$/.test(keep.oid) ? keep.oid : undefined;
}

/** Runs the operator's revocation statement, if the role is there, and looks for what is left. */
export async function revoke(session: Session, config: Config, entity: Entity): Promise<Left> {
  const { entityId } = entity;
  const sql = config.revocationStatement({ username: entityId, database: config.database });
  const { script } = config.revocationStatement;
  const turns = [lockRole(entityId), ...(touchesGrants(script) ? [LOCK_GRANTS] : [])];
  try {
    return leftBy(await transactAndLook(session, [...turns, `${sql}\n`, "RESET ROLE"], remains(entity)));
  } catch (error) {
    // What the statement does not find may be the role itself.
    if (hasCode(error, "42704") && !(await stands(session, entityId))) return "unknown";
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
  return leftBy(await look(session, remains(entity))) === "there";
}

/** The look that proves; `leftBy` reads its answer. */
export function remains(entity: Entity): string {
  const role = `SELECT FROM pg_catalog.pg_roles WHERE rolname = ${text(entity.entityId)}`;
  return `SELECT EXISTS (${role}) OR EXISTS (${openSessions(entity)}) AS there`;
}

/** What a look has seen: anything but a plain no is no proof. */
export function leftBy(rows: Record<string, unknown>[]): "absent" | "there" {
  return rows[0]!.there === false ? "absent" : "there";
}
