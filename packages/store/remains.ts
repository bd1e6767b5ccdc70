/**
 * What stays of a deletion while accounts of it are still being ended, and goes with the last of them: hidden folders,
 * environments and projects, and a project's data key.
 *
 * Rows let go of each other in two steps, each after its own commit: the deletion looks here when it has committed, and so
 * does whoever proves an account gone. The later of the two sees both, so neither has to lock for the other.
 */
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { heldBelow } from "./dynamic-secrets.ts";
import { alone } from "./subtree.ts";

/** Removes whatever of a project is hidden and held by no account any more. Content with nothing to do. */
export async function clear(tx: Tx, projectId: string): Promise<void> {
  await alone(tx, projectId);
  await sql`
    update dynamic_secrets d set folder_id = null, environment_id = null
    where d.project_id = ${projectId} and d.deleting and d.folder_id is not null and not ${heldBelow}`.execute(tx.sql);
  await sql`
    with recursive held as (
      select f.id, f.parent_id from folders f join dynamic_secrets d on d.folder_id = f.id
      where d.project_id = ${projectId} and d.deleting
      union select f.id, f.parent_id from folders f join held on f.id = held.parent_id)
    delete from folders where project_id = ${projectId} and deleting and id not in (select id from held)`.execute(
    tx.sql,
  );
  await sql`
    delete from environments e where e.project_id = ${projectId} and e.deleting
      and not exists (select 1 from dynamic_secrets d where d.environment_id = e.id)`.execute(tx.sql);
  await sql`
    delete from projects p where p.id = ${projectId} and p.deleting
      and not exists (select 1 from dynamic_secrets d where d.project_id = p.id and d.folder_id is not null)`.execute(
    tx.sql,
  );
  await clearKey(tx, projectId);
}

/** The data key is needed for as long as an account has to be ended with what it seals, also one left behind. */
async function clearKey(tx: Tx, projectId: string): Promise<void> {
  const gone = await sql`
    delete from keys where purpose = 'project' and owner_id = ${projectId}
      and not exists (select 1 from projects p where p.id = keys.owner_id)
      and not exists (
        select 1 from dynamic_secrets d join leases l on l.dynamic_secret_id = d.id
        where d.project_id = keys.owner_id and l.state <> 'gone')`.execute(tx.sql);
  if ((gone.numAffectedRows ?? 0n) === 0n) return;
  await tx.sql.deleteFrom("counters").where("scope", "=", `project:${projectId}`).where("live", "=", 0).execute();
  tx.committed.push(() => tx.keys.forget(projectId));
}

/** Projects of which something is hidden still: a node may have died before it cleared up. */
export async function uncleared(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select project_id as id from dynamic_secrets where deleting and folder_id is not null
    union select project_id from folders where deleting
    union select project_id from environments where deleting
    union select id from projects where deleting
    union select owner_id from keys where purpose = 'project' and created_at < lease_now() - interval '1 hour'
      and not exists (select 1 from projects p where p.id = keys.owner_id)`.execute(db.sql);
  return rows.map((row) => row.id);
}

/** Deleted dynamic secrets whose last lease has been forgotten go with their configurations, some at a time. @returns how many */
export async function forget(tx: Tx): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select d.id from dynamic_secrets d where d.deleting and d.folder_id is null
      and not exists (select 1 from leases l where l.dynamic_secret_id = d.id) limit 100`.execute(tx.sql);
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return 0;
  await tx.sql.deleteFrom("config_versions").where("dynamic_secret_id", "in", ids).execute();
  await tx.sql
    .deleteFrom("counters")
    .where(
      "scope",
      "in",
      ids.map((id) => `dynamic-secret:${id}`),
    )
    .execute();
  await tx.sql.deleteFrom("dynamic_secrets").where("id", "in", ids).execute();
  return ids.length;
}
