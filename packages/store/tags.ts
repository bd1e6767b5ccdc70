/** Tags of a project: words to put on its secrets. */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import * as projects from "./projects.ts";
import type { TagsTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type Tag = Selectable<TagsTable>;

/** What a tag is made of. */
export interface TagDraft {
  slug: string;
  name: string;
  color: string;
}

const taken = (slug: string | undefined) => ({ duplicate: `the project has a tag '${slug}' already` });

/** Makes a tag. @throws Duplicate */
export async function create(tx: Tx, projectId: string, draft: TagDraft): Promise<Tag> {
  await projects.hold(tx, projectId);
  const insert = tx.sql
    .insertInto("tags")
    .values({ id: randomUUID(), project_id: projectId, ...draft })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, taken(draft.slug));
}

/** The tags of a project, by slug. */
export function list(db: Db, projectId: string): Promise<Tag[]> {
  return db.sql.selectFrom("tags").selectAll().where("project_id", "=", projectId).orderBy("slug").execute();
}

/** One tag of a project, by its id or its slug. @throws NotFound */
export async function find(db: Db, projectId: string, by: { id: string } | { slug: string }): Promise<Tag> {
  const query = db.sql.selectFrom("tags").selectAll().where("project_id", "=", projectId);
  const row = await ("id" in by ? query.where("id", "=", by.id) : query.where("slug", "=", by.slug)).executeTakeFirst();
  if (row === undefined) throw new NotFound("tag", "id" in by ? by.id : by.slug);
  return row;
}

/** Changes what is given and leaves the rest. @throws NotFound, Duplicate */
export async function update(tx: Tx, projectId: string, id: string, change: Partial<TagDraft>): Promise<Tag> {
  const write = tx.sql
    .updateTable("tags")
    .set({ ...change, updated_at: sql`lease_now()` })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  const row = await refusing(write, taken(change.slug));
  if (row === undefined) throw new NotFound("tag", id);
  return row;
}

/** Deletes a tag. @throws NotFound */
export async function remove(tx: Tx, projectId: string, id: string): Promise<Tag> {
  const row = await tx.sql
    .deleteFrom("tags")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("tag", id);
  return row;
}
