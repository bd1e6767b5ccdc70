/**
 * Many accounts at once: no new login and no open session, in one transaction and a look.
 *
 * What came of it is looked up, not concluded: a role that could not be fenced keeps no other from it, and whoever's login
 * or session is still there is left to who ends accounts one by one.
 */
import type { Entity } from "../../define.ts";
import { keptOid } from "./end.ts";
import { hasCode } from "./errors.ts";
import { type Session, text } from "./session.ts";
import { look, transact } from "./transaction.ts";

/** Fences them all and ends their sessions; see `fenceAll` of a target. */
export async function fenceAll(session: Session, entities: Entity[]): Promise<Map<string, number>> {
  await transact(session, [fenceEach(entities)]);
  const found = await states(session, entities);
  const isOpen = found.some(({ sessions }) => sessions > 0);
  if (isOpen) await terminate(session, entities);
  const left = isOpen ? await states(session, entities) : found;
  const done = new Set(left.filter(({ canLogin, sessions }) => !canLogin && sessions === 0).map(({ name }) => name));
  return new Map(found.filter(({ name }) => done.has(name)).map(({ name, sessions }) => [name, sessions]));
}

/** One statement, and a transaction within it for each role: the name of one that may not be touched is passed over. */
function fenceEach(entities: Entity[]): string {
  const names = entities.map(({ entityId }) => text(entityId)).join(", ");
  return `DO ${text(`DECLARE leased pg_catalog.name;
    BEGIN
      FOR leased IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolcanlogin AND rolname = ANY (ARRAY[${names}]::pg_catalog.name[]) LOOP
        BEGIN
          EXECUTE pg_catalog.format('ALTER ROLE %I NOLOGIN PASSWORD NULL CONNECTION LIMIT 0', leased);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
      END LOOP;
    END`)}`;
}

interface State {
  name: string;
  canLogin: boolean;
  /** How many are open. */
  sessions: number;
}

async function states(session: Session, entities: Entity[]): Promise<State[]> {
  const rows = await look(
    session,
    `SELECT l.name, r.rolcanlogin IS TRUE AS "canLogin", pg_catalog.count(a.pid)::pg_catalog.int4 AS sessions
       FROM ${activity(entities)} GROUP BY l.name, r.rolcanlogin`,
  );
  return rows as unknown as State[];
}

/** Ends all sessions and waits for their end, a second each at most. */
async function terminate(session: Session, entities: Entity[]): Promise<void> {
  const ended = (timeout: string) =>
    `SELECT pg_catalog.pg_terminate_backend(a.pid${timeout}) FROM ${activity(entities)} WHERE a.pid IS NOT NULL`;
  try {
    await look(session, ended(""));
    if (session.version >= 14) await look(session, ended(", 1000"));
  } catch (error) {
    // Who may not end other people's sessions has to take the role first, which is done one by one.
    if (!hasCode(error, "42501")) throw error;
  }
}

/** Accounts with their roles and open sessions; a role that is gone is known by its oid, unless somebody else has that now. */
function activity(entities: Entity[]): string {
  const leased = entities.map(
    (entity) => `(${text(entity.entityId)}::pg_catalog.name, ${keptOid(entity) ?? "NULL"}::pg_catalog.oid)`,
  );
  return `(VALUES ${leased.join(", ")}) AS l(name, oid)
    LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = l.name
    LEFT JOIN pg_catalog.pg_roles AS other ON other.oid = l.oid
    LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid <> pg_catalog.pg_backend_pid()
     AND a.usesysid = COALESCE(r.oid, CASE WHEN other.oid IS NULL THEN l.oid END)`;
}
