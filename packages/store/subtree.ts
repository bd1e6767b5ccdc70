/**
 * Deleting what dynamic secrets hang on: a project, an environment, a folder, or one dynamic secret.
 *
 * Owns the order in which a deletion hides things, so that nothing slips in behind it: from the top down, each level in a
 * statement of its own. Whoever makes something locks what it is made in until it has committed (`hold` in the files of the
 * tables), so it either comes before and is found one statement later, or meets a row that is being deleted. When the hidden
 * rows go is `remains.ts`; the leases' own end is `revocations.ts`.
 */
import { type RawBuilder, sql } from "kysely";
import type { Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import { now } from "./leases.ts";

/** What is to be deleted, by its id. */
export type Doomed = { project: string } | { environment: string } | { folder: string } | { dynamicSecret: string };

/** What a deletion has hidden. */
export interface Hidden {
  projectId: string;
  /** Of every dynamic secret in it, also of those that had been deleted before and still hold it. */
  dynamicSecretIds: string[];
}

/** Hides all of it at once and frees its names; leases can be made of none of it any more. @throws NotFound */
export async function hide(tx: Tx, what: Doomed, isForced: boolean): Promise<Hidden> {
  if ("dynamicSecret" in what) {
    const { dynamicSecret: id } = what;
    const [row] = await hideSecrets(tx, sql<boolean>`d.id = ${id} and not d.deleting`, isForced);
    if (row === undefined) throw new NotFound("dynamic secret", id);
    return { projectId: row.project_id, dynamicSecretIds: [id] };
  }
  const projectId = await hideTop(tx, what);
  const inside = foldersIn(what);
  // A folder that was made until its parent was hidden is met by the next round; below hidden folders nothing is made.
  while ((await hideFolders(tx, inside)) > 0);
  const rows = await hideSecrets(tx, sql<boolean>`d.folder_id in (${inside})`, isForced);
  return { projectId, dynamicSecretIds: rows.map((row) => row.id) };
}

async function hideTop(tx: Tx, what: Exclude<Doomed, { dynamicSecret: string }>): Promise<string> {
  const hidden = { deleting: true, updated_at: now };
  if ("project" in what) {
    const { project: id } = what;
    const update = tx.sql.updateTable("projects").set(hidden).where("id", "=", id).where("deleting", "=", false);
    if ((await update.returning("id").executeTakeFirst()) === undefined) throw new NotFound("project", id);
    await tx.sql
      .updateTable("environments")
      .set(hidden)
      .where("project_id", "=", id)
      .where("deleting", "=", false)
      .execute();
    return id;
  }
  const [table, id] =
    "environment" in what ? (["environments", what.environment] as const) : (["folders", what.folder] as const);
  const row = await tx.sql
    .updateTable(table)
    .set(hidden)
    .where("id", "=", id)
    .where("deleting", "=", false)
    .returning("project_id")
    .executeTakeFirst();
  if (row === undefined) throw new NotFound(table === "folders" ? "folder" : "environment", id);
  return row.project_id;
}

/** The ids of all folders in it, hidden or not. */
function foldersIn(what: Exclude<Doomed, { dynamicSecret: string }>): RawBuilder<{ id: string }> {
  if ("project" in what) return sql`select id from folders where project_id = ${what.project}`;
  if ("environment" in what) return sql`select id from folders where environment_id = ${what.environment}`;
  return sql`
    with recursive below as (
      select id from folders where id = ${what.folder}
      union all select f.id from folders f join below on f.parent_id = below.id)
    select id from below`;
}

async function hideFolders(tx: Tx, inside: RawBuilder<{ id: string }>): Promise<number> {
  // In the order of paths: two deletions of overlapping trees wait for each other and not in a circle.
  const hidden = await sql`
    with picked as (
      select id from folders where id in (${inside}) and not deleting order by path for no key update)
    update folders set deleting = true, updated_at = lease_now() from picked where folders.id = picked.id`.execute(
    tx.sql,
  );
  return Number(hidden.numAffectedRows ?? 0);
}

/** Hides dynamic secrets, with a note of where they were. @returns them, and those hidden before. */
async function hideSecrets(
  tx: Tx,
  which: RawBuilder<boolean>,
  isForced: boolean,
): Promise<{ id: string; project_id: string }[]> {
  const { rows } = await sql<{ id: string; project_id: string }>`
    update dynamic_secrets d set
      deleting = true,
      was_at = coalesce(d.was_at, jsonb_build_object('project', p.slug, 'environment', e.slug, 'path', f.path)),
      forced_at = case when ${isForced} then coalesce(d.forced_at, lease_now()) else d.forced_at end,
      updated_at = case when d.deleting then d.updated_at else lease_now() end
    from folders f join environments e on e.id = f.environment_id join projects p on p.id = f.project_id
    where f.id = d.folder_id and ${which}
    returning d.id, d.project_id`.execute(tx.sql);
  return rows;
}
