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

/** What is to be deleted, by its id. */
export type Doomed = { project: string } | { environment: string } | { folder: string } | { dynamicSecret: string };

/** What a deletion has hidden. */
export interface Hidden {
  projectId: string;
  /** Of every dynamic secret in it, also of those that had been deleted before and still hold it. */
  dynamicSecretIds: string[];
}

/** Any number that no other kind of advisory lock has. */
const TREES = 7_214;

/**
 * One deletion in a project at a time, and one clearing away: two that lock the same rows in another order would wait for
 * each other. Whoever only makes something in it is not held up.
 */
export async function alone(tx: Tx, projectId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${TREES}::int, hashtext(${projectId}))`.execute(tx.sql);
}

/** Hides all of it at once and frees its names; leases can be made of none of it any more. @throws NotFound */
export async function hide(tx: Tx, what: Doomed, isForced: boolean): Promise<Hidden> {
  const projectId = "project" in what ? what.project : await projectOf(tx, what);
  await alone(tx, projectId);
  if ("dynamicSecret" in what) {
    const { dynamicSecret: id } = what;
    const found = await hideSecrets(tx, sql<boolean>`d.id = ${id} and not d.deleting`, isForced);
    if (found.length === 0) throw new NotFound("dynamic secret", id);
    return { projectId, dynamicSecretIds: found };
  }
  await hideTop(tx, what);
  const inside = foldersIn(what);
  // A folder that was made until its parent was hidden is met by the next round; below hidden folders nothing is made.
  while ((await hideFolders(tx, inside)) > 0);
  return { projectId, dynamicSecretIds: await hideSecrets(tx, sql<boolean>`d.folder_id in (${inside})`, isForced) };
}

type Inside = Exclude<Doomed, { project: string }>;
type Tree = Exclude<Doomed, { dynamicSecret: string }>;

function named(
  what: Doomed,
): [table: "projects" | "environments" | "folders" | "dynamic_secrets", name: string, id: string] {
  if ("project" in what) return ["projects", "project", what.project];
  if ("environment" in what) return ["environments", "environment", what.environment];
  if ("folder" in what) return ["folders", "folder", what.folder];
  return ["dynamic_secrets", "dynamic secret", what.dynamicSecret];
}

async function projectOf(tx: Tx, what: Inside): Promise<string> {
  const [table, name, id] = named(what);
  const { rows } = await sql<{ project_id: string }>`
    select project_id from ${sql.table(table)} where id = ${id} and not deleting`.execute(tx.sql);
  if (rows[0] === undefined) throw new NotFound(name, id);
  return rows[0].project_id;
}

async function hideTop(tx: Tx, what: Tree): Promise<void> {
  const [table, name, id] = named(what);
  const hidden = await sql`
    update ${sql.table(table)} set deleting = true, updated_at = lease_now() where id = ${id} and not deleting`.execute(
    tx.sql,
  );
  if (hidden.numAffectedRows === 0n) throw new NotFound(name, id);
  if ("project" in what) {
    await sql`update environments set deleting = true, updated_at = lease_now()
      where project_id = ${id} and not deleting`.execute(tx.sql);
  }
}

/** The ids of all folders in it, hidden or not. */
function foldersIn(what: Tree): RawBuilder<{ id: string }> {
  if ("project" in what) return sql`select id from folders where project_id = ${what.project}`;
  if ("environment" in what) return sql`select id from folders where environment_id = ${what.environment}`;
  return sql`
    with recursive below as (
      select id from folders where id = ${what.folder}
      union all select f.id from folders f join below on f.parent_id = below.id)
    select id from below`;
}

async function hideFolders(tx: Tx, inside: RawBuilder<{ id: string }>): Promise<number> {
  const hidden = await sql`
    update folders set deleting = true, updated_at = lease_now() where id in (${inside}) and not deleting`.execute(
    tx.sql,
  );
  return Number(hidden.numAffectedRows ?? 0);
}

/** Hides dynamic secrets, with a note of where they were. @returns the ids of these and of those hidden before. */
async function hideSecrets(tx: Tx, which: RawBuilder<boolean>, isForced: boolean): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    update dynamic_secrets d set
      deleting = true,
      was_at = coalesce(d.was_at, jsonb_build_object('project', p.slug, 'environment', e.slug, 'path', f.path)),
      forced_at = case when ${isForced} then coalesce(d.forced_at, lease_now()) else d.forced_at end,
      updated_at = case when d.deleting then d.updated_at else lease_now() end
    from folders f join environments e on e.id = f.environment_id join projects p on p.id = f.project_id
    where f.id = d.folder_id and ${which}
    returning d.id`.execute(tx.sql);
  return rows.map((row) => row.id);
}
