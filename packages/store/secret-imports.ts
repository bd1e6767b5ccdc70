/**
 * Imports: a folder that also shows the secrets of another. Kept in order; a later one wins over an earlier. The source is
 * named by its path and found anew at each reading, so it may be missing, be made later, or lead back to where it began.
 */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import { type Folder, hold } from "./folders.ts";
import type { SecretImportsTable } from "./secret-tables.ts";
import { refusing } from "./violations.ts";

/** An import, with its source's environment and, where that is there, its folder. */
export interface SecretImport extends Selectable<SecretImportsTable> {
  source_slug: string;
  source_name: string;
  source_folder_id: string | null;
}

/** Where the secrets come from. */
export interface Source {
  environmentId: string;
  path: string;
}

/** Any number that no other kind of advisory lock has. */
const IMPORTS = 7_215;

/** The imports of these folders, each folder's in order. */
export function inFolders(db: Db, folderIds: string[]): Promise<SecretImport[]> {
  return found(db)
    .where(sql<boolean>`i.folder_id = any(${folderIds}::uuid[])`)
    .orderBy("i.folder_id")
    .orderBy("i.position")
    .execute();
}

/** One import of a folder. @throws NotFound */
export async function byId(db: Db, folderId: string, id: string): Promise<SecretImport> {
  const row = await found(db).where("i.folder_id", "=", folderId).where("i.id", "=", id).executeTakeFirst();
  if (row === undefined) throw new NotFound("secret import", id);
  return row;
}

/** Adds one, last in order. @throws Duplicate, NotFound */
export async function create(tx: Tx, folder: Folder, source: Source): Promise<SecretImport> {
  await hold(tx, folder.id, folder.path);
  const there = (await lockedOrder(tx, folder.id)).length;
  const id = randomUUID();
  const insert = tx.sql
    .insertInto("secret_imports")
    .values({
      id,
      project_id: folder.project_id,
      folder_id: folder.id,
      source_environment_id: source.environmentId,
      source_path: source.path,
      position: there + 1,
    })
    .execute();
  await refusing(insert, { duplicate: taken(folder, source), gone: ["folder", folder.path] });
  return byId(tx, folder.id, id);
}

/** Gives it another source, another position (from 1), or both. @throws Duplicate, NotFound */
export async function update(
  tx: Tx,
  folder: Folder,
  id: string,
  change: { source: Source; position?: number },
): Promise<SecretImport> {
  const order = await lockedOrder(tx, folder.id);
  if (!order.includes(id)) throw new NotFound("secret import", id);
  const write = tx.sql
    .updateTable("secret_imports")
    .set({
      source_environment_id: change.source.environmentId,
      source_path: change.source.path,
      version: sql<number>`version + 1`,
      updated_at: sql`lease_now()`,
    })
    .where("id", "=", id)
    .execute();
  await refusing(write, { duplicate: taken(folder, change.source) });
  if (change.position !== undefined) {
    const others = order.filter((other) => other !== id);
    others.splice(change.position - 1, 0, id);
    await writeOrder(tx, others);
  }
  return byId(tx, folder.id, id);
}

/** Removes one and closes the gap in the order. @throws NotFound */
export async function remove(tx: Tx, folder: Folder, id: string): Promise<SecretImport> {
  const order = await lockedOrder(tx, folder.id);
  const row = await byId(tx, folder.id, id);
  await tx.sql.deleteFrom("secret_imports").where("id", "=", id).execute();
  await writeOrder(
    tx,
    order.filter((other) => other !== id),
  );
  return row;
}

function found(db: Db) {
  return db.sql
    .selectFrom("secret_imports as i")
    .innerJoin("environments as e", "e.id", "i.source_environment_id")
    .leftJoin("folders as f", (on) =>
      on
        .onRef("f.environment_id", "=", "i.source_environment_id")
        .onRef("f.path", "=", "i.source_path")
        .on("f.deleting", "=", sql.lit(false)),
    )
    .selectAll("i")
    .select(["e.slug as source_slug", "e.name as source_name", "f.id as source_folder_id"])
    .where("e.deleting", "=", sql.lit(false));
}

/** The ids of a folder's imports in order, which nobody else changes until the transaction ends. */
async function lockedOrder(tx: Tx, folderId: string): Promise<string[]> {
  await sql`select pg_advisory_xact_lock(${IMPORTS}::int, hashtext(${folderId}))`.execute(tx.sql);
  const rows = await tx.sql
    .selectFrom("secret_imports")
    .select("id")
    .where("folder_id", "=", folderId)
    .orderBy("position")
    .execute();
  return rows.map((row) => row.id);
}

async function writeOrder(tx: Tx, ids: string[]): Promise<void> {
  await sql`
    update secret_imports i set position = o.position
    from unnest(${ids}::uuid[]) with ordinality as o (id, position) where o.id = i.id`.execute(tx.sql);
}

function taken(folder: Folder, source: Source): string {
  return `the folder ${folder.path} imports ${source.path} of that environment already`;
}
