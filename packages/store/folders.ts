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

/** The folders in a folder, or everything below it. */
export function list(db: Db, folder: Folder, recursive: boolean): Promise<Folder[]> {
  const query = db.sql
    .selectFrom("folders")
    .selectAll()
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

/** Locks a folder against deletion until the end of the transaction: what is made in it comes before. @throws NotFound */
export async function hold(tx: Tx, id: string, name = id): Promise<void> {
  const row = await tx.sql
    .selectFrom("folders")
    .select("id")
    .where("id", "=", id)
    .where("deleting", "=", sql.lit(false))
    .forShare()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("folder", name);
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
