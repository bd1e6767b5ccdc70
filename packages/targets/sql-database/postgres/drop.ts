/**
 * Removing a role whatever it owns and holds, in every database where it does, and touching nothing else.
 *
 * Owns what PostgreSQL demands for it: the role's own rights (taken by a grant to oneself), a visit to each database, and,
 * for rights that somebody else granted, that somebody else. Those are named, with the SQL to run.
 */
import { type Entity, type Left, TargetError } from "../../define.ts";
import type { Config } from "../inputs.ts";
import { stands } from "./create.ts";
import { leftBy, remains, takeRole } from "./end.ts";
import { hasCode, PostgresError } from "./errors.ts";
import { close, connect, name, type Session, text } from "./session.ts";
import { LOCK_GRANTS, lockRole, look, transact, transactAndLook } from "./transaction.ts";

/** Drops the role and looks for what is left; gone already is fine. @throws TargetError with the SQL that others must run first. */
export async function drop(session: Session, config: Config, entity: Entity): Promise<Left> {
  const { entityId } = entity;
  try {
    return await dropAtOnce(session, config, entity);
  } catch (error) {
    // Something stands in the way, or the role is gone: the longer way finds out.
    if (!(error instanceof PostgresError) || error.errorClass !== "refused") throw error;
  }
  const places = await held(session, entityId);
  if (places === null) return "unknown";
  try {
    return await dropFrom(session, config, places, entity);
  } catch (error) {
    // Somebody else may have dropped it meanwhile; then there is nothing to complain about.
    if (!(error instanceof PostgresError) || (await stands(session, entityId))) throw error;
    return "unknown";
  }
}

/** What is enough for nearly every role, as one transaction: all it has is in this database, and given by this admin. */
async function dropAtOnce(session: Session, config: Config, entity: Entity): Promise<Left> {
  const role = name(entity.entityId);
  const taken = [lockRole(entity.entityId), `GRANT ${role} TO CURRENT_USER`];
  const cleared = [LOCK_GRANTS, ...dropOwnedSql(config, entity.entityId), `DROP ROLE ${role}`];
  return leftBy(await transactAndLook(session, [...taken, ...cleared], remains(entity)));
}

async function dropFrom(session: Session, config: Config, places: string[], entity: Entity): Promise<Left> {
  const { entityId } = entity;
  const leftovers: string[] = [];
  if (places.length > 0) await takeRole(session, entityId);
  for (const database of places) leftovers.push(...(await clearIn(session, config, database, entityId)));
  try {
    const dropped = [lockRole(entityId), `DROP ROLE IF EXISTS ${name(entityId)}`];
    return leftBy(await transactAndLook(session, dropped, remains(entity)));
  } catch (error) {
    if (hasCode(error, "2BP01") && leftovers.length > 0) throw othersMust(leftovers);
    throw error;
  }
}

/** The databases in which the role owns or holds something; null when there is no such role. */
async function held(session: Session, entityId: string): Promise<string[] | null> {
  const rows = await look(
    session,
    `SELECT DISTINCT COALESCE(d.datname, pg_catalog.current_database()) AS database, s.refobjid IS NOT NULL AS holds
       FROM pg_catalog.pg_roles AS r
       LEFT JOIN pg_catalog.pg_shdepend AS s ON s.refobjid = r.oid AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
       LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
      WHERE r.rolname = ${text(entityId)}`,
  );
  if (rows.length === 0) return null;
  return rows.filter((row) => row.holds).map((row) => String(row.database));
}

/** Clears one database; gives the SQL for what only others can take back. */
async function clearIn(session: Session, config: Config, database: string, entityId: string): Promise<string[]> {
  if (database === config.database) return clear(session, config, database, entityId);
  const there = await connect({ ...config, database }, session.net);
  try {
    return await clear(there, config, database, entityId);
  } finally {
    await close(there);
  }
}

async function clear(session: Session, config: Config, database: string, entityId: string): Promise<string[]> {
  try {
    await transact(session, [LOCK_GRANTS, ...dropOwnedSql(config, entityId)]);
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    const message = `What the role owns and holds in database "${database}" could not be cleared: ${error.message}`;
    throw new PostgresError(error.code, error.completed, { message });
  }
  const rows = await look(session, grantsOfOthers(entityId));
  return rows.map(({ sql }) => `${sql} -- in database ${name(database)}`);
}

/** Takes away what the role owns and holds in one database, as the config wants it. */
export function dropOwnedSql({ onOwned }: Config, entityId: string): string[] {
  const role = name(entityId);
  const drop = `DROP OWNED BY ${role}`;
  return onOwned === "drop" ? [drop] : [`REASSIGN OWNED BY ${role} TO CURRENT_USER`, drop];
}

/** Each grant that the role still holds in this database, as the statement that takes it back. */
export const grantsOfOthers = (entityId: string) => `
  SELECT pg_catalog.format('REVOKE ALL ON %s %s FROM %I;',
    CASE WHEN i.type IN ('view', 'materialized view', 'foreign table', 'partitioned table', 'table column') THEN 'TABLE'
         WHEN i.type IN ('function', 'procedure', 'aggregate') THEN 'ROUTINE'
         WHEN i.type = 'server' THEN 'FOREIGN SERVER'
         ELSE pg_catalog.upper(i.type) END, i.identity, r.rolname) AS sql
    FROM pg_catalog.pg_shdepend AS s
    JOIN pg_catalog.pg_roles AS r ON r.oid = s.refobjid AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(s.classid, s.objid, 0) AS i
   WHERE r.rolname = ${text(entityId)} AND s.deptype = 'a' AND s.dbid IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))`;

function othersMust(statements: string[]): TargetError {
  const message =
    "The role can log in no more, but it holds rights that somebody else granted. Their owner, or a superuser, must run the SQL";
  return new TargetError("refused", message, { fix: [...new Set(statements)].join("\n") });
}
