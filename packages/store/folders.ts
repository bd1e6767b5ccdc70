/**
 * Folders: a tree per environment, found by canonical path ("/" or "/a/b"). Owns how a path becomes rows: the parents of
 * a folder always exist. One that is being deleted (`subtree.ts`) is not there any more for anything here.
 */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import * as environments from "./environments.ts";
import { NotFound } from "./errors.ts";
import { alone } from "./subtree.ts";
import type { FoldersTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type Folder = Selectable<FoldersTable>;

/** One folder by its path; undefined when there is none. */
export function at(db: Db, environmentId: string, path: string): Promise<Folder | undefined> {
  return db.sql
    .selectFrom("folders")
    .selectAll()
    .where("environment_id", "=", environmentId)
    .where("path", "=", path)
    .where("deleting", "=", sql.lit(false))
    .executeTakeFirst();
}

/** One folder by its place, the environment by its slug; undefined when any part of the way is missing. */
export function atPlace(
  db: Db,
  place: { projectId: string; environment: string; path: string },
): Promise<Folder | undefined> {
  return db.sql
    .selectFrom("folders as f")
    .innerJoin("environments as e", "e.id", "f.environment_id")
    .selectAll("f")
    .where("e.project_id", "=", place.projectId)
    .where("e.slug", "=", place.environment)
    .where("e.deleting", "=", sql.lit(false))
    .where("f.path", "=", place.path)
    .where("f.deleting", "=", sql.lit(false))
    .executeTakeFirst();
}

/** One folder by its path, which must be there. */
export async function byPath(db: Db, environmentId: string, path: string): Promise<Folder> {
  const row = await at(db, environmentId, path);
  if (row === undefined) throw new NotFound("folder", path);
  return row;
}

/** One folder by its id, in whatever project it is; undefined when there is none. */
export function find(db: Db, id: string): Promise<Folder | undefined> {
  return db.sql
    .selectFrom("folders")
    .selectAll()
    .where("id", "=", id)
    .where("deleting", "=", sql.lit(false))
    .executeTakeFirst();
}

/** A folder, and when a secret in it was last written. */
export interface ListedFolder extends Folder {
  last_secret_modified: Date | null;
}

const lastSecretModified = sql<Date | null>`(select max(s.updated_at) from secrets s where s.folder_id = folders.id)`;

/** The folders in a folder, or everything below it. */
export function list(db: Db, folder: Folder, recursive: boolean): Promise<ListedFolder[]> {
  const query = db.sql
    .selectFrom("folders")
    .selectAll()
    .select(lastSecretModified.as("last_secret_modified"))
    .where("environment_id", "=", folder.environment_id)
    .where("deleting", "=", sql.lit(false));
  const below = recursive
    ? query.where(sql<boolean>`starts_with(path, ${under(folder.path)})`).where("id", "!=", folder.id)
    : query.where("parent_id", "=", folder.id);
  return below.orderBy("path").execute();
}

/**
 * The folder at a path, made with its parents where it is missing. Two at once make one: the loser of the insert reads
 * the winner's row.
 */
export async function ensure(
  tx: Tx,
  place: { projectId: string; environmentId: string },
  path: string,
): Promise<Folder> {
  const known = await at(tx, place.environmentId, path);
  if (known !== undefined) return known;
  const parent = path === "/" ? null : await ensure(tx, place, parentOf(path));
  await holdAbove(tx, place, parent);
  const insert = tx.sql
    .insertInto("folders")
    .values({ ...row(place, parent, path), description: "" })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await refusing(insert, { gone: ["folder", parentOf(path)] });
  return byPath(tx, place.environmentId, path);
}

/** Makes one folder that must be new, and its parents where they are missing. */
export async function create(
  tx: Tx,
  place: { projectId: string; environmentId: string },
  path: string,
  description: string,
): Promise<Folder> {
  const parent = await ensure(tx, place, parentOf(path));
  await holdAbove(tx, place, parent);
  const insert = tx.sql
    .insertInto("folders")
    .values({ ...row(place, parent, path), description })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, { duplicate: `there is a folder ${path} already`, gone: ["folder", parentOf(path)] });
}

/** Gives a folder another name, and all below it other paths; what lies in them comes along. @throws Duplicate, NotFound */
export async function update(tx: Tx, folder: Folder, change: { name: string; description?: string }): Promise<Folder> {
  await alone(tx, folder.project_id);
  const path = childOf(parentOf(folder.path), change.name);
  const write = tx.sql
    .updateTable("folders")
    .set({ ...change, path, version: sql<number>`version + 1`, updated_at: sql`lease_now()` })
    .where("id", "=", folder.id)
    .where("path", "=", folder.path)
    .where("deleting", "=", sql.lit(false))
    .returningAll()
    .executeTakeFirst();
  const row = await refusing(write, { duplicate: `there is a folder ${path} already` });
  if (row === undefined) throw new NotFound("folder", folder.path);
  // A folder that was made below until its parent moved is met by the next round.
  while (path !== folder.path && (await moveBelow(tx, folder, path)) > 0);
  return row;
}

async function moveBelow(tx: Tx, { environment_id, path }: Folder, to: string): Promise<number> {
  const moved = await sql`
    update folders set path = ${to}::text || substr(path, ${path.length + 1}::int), updated_at = lease_now()
    where environment_id = ${environment_id} and starts_with(path, ${under(path)}) and not deleting`.execute(tx.sql);
  return Number(moved.numAffectedRows ?? 0);
}

/**
 * Locks a folder against deletion until the end of the transaction: what is made in it comes before. With `path` it must
 * still be there, too. @throws NotFound
 */
export async function hold(tx: Tx, id: string, path?: string): Promise<void> {
  const query = tx.sql.selectFrom("folders").select("id").where("id", "=", id).where("deleting", "=", sql.lit(false));
  const row = await (path === undefined ? query : query.where("path", "=", path)).forShare().executeTakeFirst();
  if (row === undefined) throw new NotFound("folder", path ?? id);
}

/** The path above; "/" is its own parent. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0)) || "/";
}

function holdAbove(tx: Tx, place: { environmentId: string }, parent: Folder | null): Promise<void> {
  return parent === null ? environments.hold(tx, place.environmentId) : hold(tx, parent.id, parent.path);
}

function under(path: string): string {
  return path === "/" ? "/" : `${path}/`;
}

function childOf(parent: string, name: string): string {
  return `${under(parent)}${name}`;
}

function row(place: { projectId: string; environmentId: string }, parent: Folder | null, path: string) {
  return {
    id: randomUUID(),
    project_id: place.projectId,
    environment_id: place.environmentId,
    parent_id: parent?.id ?? null,
    name: parent === null ? "root" : path.slice(path.lastIndexOf("/") + 1),
    path,
  };
}
