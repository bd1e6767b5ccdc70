/**
 * Environments of a project: dev, staging, prod. Each has a root folder from the start. One that is being deleted
 * (`subtree.ts`) is not there any more for anything here.
 */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import * as projects from "./projects.ts";
import type { EnvironmentsTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type Environment = Selectable<EnvironmentsTable>;

/** Makes an environment, last in order unless a position is given. */
export async function create(
  tx: Tx,
  projectId: string,
  environment: { name: string; slug: string; position?: number },
): Promise<Environment> {
  await projects.hold(tx, projectId);
  const last = sql<number>`(select coalesce(max(position), 0) + 1 from environments where project_id = ${projectId})`;
  const insert = tx.sql
    .insertInto("environments")
    .values({
      id: randomUUID(),
      project_id: projectId,
      name: environment.name,
      slug: environment.slug,
      position: environment.position ?? last,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, {
    duplicate: `the project has an environment '${environment.slug}' already`,
    gone: ["project", projectId],
  });
}

/** One environment of a project by its slug. */
export async function bySlug(db: Db, projectId: string, slug: string): Promise<Environment> {
  const row = await db.sql
    .selectFrom("environments")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("slug", "=", slug)
    .where("deleting", "=", sql.lit(false))
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("environment", slug);
  return row;
}

/** One environment by its id, in whatever project it is; undefined when there is none. */
export function find(db: Db, id: string): Promise<Environment | undefined> {
  return db.sql
    .selectFrom("environments")
    .selectAll()
    .where("id", "=", id)
    .where("deleting", "=", sql.lit(false))
    .executeTakeFirst();
}

/** One environment of a project by its id. */
export async function byId(db: Db, projectId: string, id: string): Promise<Environment> {
  const row = await find(db, id);
  if (row === undefined || row.project_id !== projectId) throw new NotFound("environment", id);
  return row;
}

/** The environments of these projects, in order. */
export async function list(db: Db, projectIds: string[]): Promise<Environment[]> {
  if (projectIds.length === 0) return [];
  return db.sql
    .selectFrom("environments")
    .selectAll()
    .where("project_id", "in", projectIds)
    .where("deleting", "=", sql.lit(false))
    .orderBy("position")
    .orderBy("created_at")
    .execute();
}

/** Changes what is given and leaves the rest. */
export async function update(
  tx: Tx,
  projectId: string,
  id: string,
  change: { name?: string; slug?: string; position?: number },
): Promise<Environment> {
  const write = tx.sql
    .updateTable("environments")
    .set({ ...change, updated_at: sql`lease_now()` })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .where("deleting", "=", sql.lit(false))
    .returningAll()
    .executeTakeFirst();
  const row = await refusing(write, { duplicate: `the project has an environment '${change.slug}' already` });
  if (row === undefined) throw new NotFound("environment", id);
  return row;
}

/** Locks an environment against deletion until the end of the transaction. @throws NotFound */
export async function hold(tx: Tx, id: string): Promise<void> {
  const row = await tx.sql
    .selectFrom("environments")
    .select("id")
    .where("id", "=", id)
    .where("deleting", "=", sql.lit(false))
    .forShare()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("environment", id);
}
