/**
 * Projects: the rooms that hold environments, folders and secrets, each with a data key of its own. One that is being
 * deleted (`subtree.ts`) is not there any more for anything here.
 */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import type { ProjectsTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type Project = Selectable<ProjectsTable>;

/** Makes a project; its slug is its name on the wire and stays unique. */
export function create(
  tx: Tx,
  project: {
    organizationId: string;
    name: string;
    slug: string;
    type?: string;
    description: string | null;
    hasDeleteProtection: boolean;
  },
): Promise<Project> {
  const insert = tx.sql
    .insertInto("projects")
    .values({
      id: randomUUID(),
      organization_id: project.organizationId,
      name: project.name,
      slug: project.slug,
      type: project.type,
      description: project.description,
      has_delete_protection: project.hasDeleteProtection,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, {
    duplicate: `a project with the slug '${project.slug}' exists already; choose another slug`,
  });
}

/** One project by its id or its slug; undefined when there is none. */
export function find(db: Db, by: { id: string } | { slug: string }): Promise<Project | undefined> {
  const query = db.sql.selectFrom("projects").selectAll().where("deleting", "=", sql.lit(false));
  return ("id" in by ? query.where("id", "=", by.id) : query.where("slug", "=", by.slug)).executeTakeFirst();
}

/** The projects with these ids, or all, oldest first. */
export async function list(db: Db, ids: string[] | "all"): Promise<Project[]> {
  if (ids !== "all" && ids.length === 0) return [];
  const query = db.sql
    .selectFrom("projects")
    .selectAll()
    .where("deleting", "=", sql.lit(false))
    .orderBy("created_at")
    .orderBy("id");
  return (ids === "all" ? query : query.where("id", "in", ids)).execute();
}

/** Changes what is given and leaves the rest. @throws NotFound, Duplicate */
export async function update(
  tx: Tx,
  id: string,
  change: {
    name?: string;
    slug?: string;
    description?: string;
    has_delete_protection?: boolean;
    audit_logs_retention_days?: number;
  },
): Promise<Project> {
  const write = tx.sql
    .updateTable("projects")
    .set({ ...change, updated_at: sql`lease_now()` })
    .where("id", "=", id)
    .where("deleting", "=", sql.lit(false))
    .returningAll()
    .executeTakeFirst();
  const row = await refusing(write, {
    duplicate: `a project with the slug '${change.slug}' exists already; choose another slug`,
  });
  if (row === undefined) throw new NotFound("project", id);
  return row;
}

/** Locks a project against deletion until the end of the transaction: what is made in it comes before. @throws NotFound */
export async function hold(tx: Tx, id: string): Promise<void> {
  const row = await tx.sql
    .selectFrom("projects")
    .select("id")
    .where("id", "=", id)
    .where("deleting", "=", sql.lit(false))
    .forShare()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("project", id);
}
