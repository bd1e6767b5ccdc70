/**
 * Freezes: no new lease of a project, of a dynamic secret, or for one member of a project.
 *
 * Owns who froze what and why. A freeze changes the rows that a lease's first transaction holds (`intend` in leases.ts), so
 * a lease either comes before it or is refused; there is nothing in between.
 */
import { sql } from "kysely";
import type { Caller, Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import type { Frozen } from "./incident-tables.ts";

/** What is frozen: the project, or something in it by its id. */
export type Scope = { kind: "project" } | { kind: "dynamic-secret" | "identity" | "user"; id: string };

/** A freeze that stands, and what it is on. */
export type Freeze = Frozen & { scope: Scope; name: string };

/** Freezes it, from now on in these words. @throws NotFound */
export function freeze(tx: Tx, projectId: string, scope: Scope, caller: Caller, reason: string): Promise<void> {
  const { type, id, name } = caller.actor;
  return set(tx, projectId, scope, { by: { type, id, name }, at: new Date().toISOString(), reason });
}

/** Thaws it; content with what was not frozen. @throws NotFound */
export function unfreeze(tx: Tx, projectId: string, scope: Scope): Promise<void> {
  return set(tx, projectId, scope, null);
}

async function set(tx: Tx, projectId: string, scope: Scope, frozen: Frozen | null): Promise<void> {
  const value = sql<string | null>`${frozen === null ? null : JSON.stringify(frozen)}::jsonb`;
  if (scope.kind === "project") {
    const changed = await tx.sql
      .updateTable("projects")
      .set({ frozen: value })
      .where("id", "=", projectId)
      .where("deleting", "=", sql.lit(false))
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) throw new NotFound("project", projectId);
    // After the project: whoever makes a dynamic secret holds that first, and is met here or sees it frozen.
    await tx.sql
      .updateTable("dynamic_secrets")
      .set({ project_frozen: frozen !== null })
      .where("project_id", "=", projectId)
      .where("project_frozen", "=", frozen === null)
      .execute();
    return;
  }
  const changed =
    scope.kind === "dynamic-secret"
      ? await tx.sql
          .updateTable("dynamic_secrets")
          .set({ frozen: value })
          .where("id", "=", scope.id)
          .where("project_id", "=", projectId)
          .where("deleting", "=", sql.lit(false))
          .executeTakeFirst()
      : await tx.sql
          .updateTable("memberships")
          .set({ frozen: value })
          .where("project_id", "=", projectId)
          .where("actor_type", "=", scope.kind)
          .where("actor_id", "=", scope.id)
          .executeTakeFirst();
  if (changed.numUpdatedRows === 0n) throw new NotFound(scope.kind.replace("-", " "), scope.id);
}

/** Whether a project is frozen; it stays so, and not deleted, until the end of the transaction. @throws NotFound */
export async function holdProject(tx: Tx, projectId: string): Promise<boolean> {
  const row = await tx.sql
    .selectFrom("projects")
    .select("frozen")
    .where("id", "=", projectId)
    .where("deleting", "=", sql.lit(false))
    .forShare()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("project", projectId);
  return row.frozen !== null;
}

interface Found extends Frozen {
  kind: Scope["kind"];
  id: string;
  name: string;
}

/** The freezes of a project, the widest first. */
export async function ofProject(db: Db, projectId: string): Promise<Freeze[]> {
  const { rows } = await sql<Found>`
    select kind, id, name, frozen -> 'by' as by, frozen ->> 'at' as at, frozen ->> 'reason' as reason from (
      select 0 as width, 'project' as kind, id, slug as name, frozen from projects where id = ${projectId}
      union all
      select 1, 'dynamic-secret', id, name, frozen from dynamic_secrets where project_id = ${projectId} and not deleting
      union all
      select 2, m.actor_type, m.actor_id, coalesce(i.name, u.name, ''), m.frozen
      from memberships m left join identities i on i.id = m.actor_id left join users u on u.id = m.actor_id
      where m.project_id = ${projectId}) as all_of_it
    where frozen is not null order by width, at, id`.execute(db.sql);
  return rows.map(({ kind, id, ...rest }) => ({ ...rest, scope: kind === "project" ? { kind } : { kind, id } }));
}

/** The freeze that keeps somebody from leasing a dynamic secret; undefined when none does. */
export async function standing(
  db: Db,
  projectId: string,
  dynamicSecretId: string,
  actor: Caller["actor"],
): Promise<Freeze | undefined> {
  const all = await ofProject(db, projectId);
  return all.find(({ scope }) => {
    if (scope.kind === "project") return true;
    return scope.kind === "dynamic-secret"
      ? scope.id === dynamicSecretId
      : scope.kind === actor.type && scope.id === actor.id;
  });
}
