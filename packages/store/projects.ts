/** Projects: the rooms that hold environments, folders and secrets, each with a data key of its own. */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
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
  const query = db.sql.selectFrom("projects").selectAll();
  return ("id" in by ? query.where("id", "=", by.id) : query.where("slug", "=", by.slug)).executeTakeFirst();
}

/** The projects with these ids, or all, oldest first. */
export async function list(db: Db, ids: string[] | "all"): Promise<Project[]> {
  if (ids !== "all" && ids.length === 0) return [];
  const query = db.sql.selectFrom("projects").selectAll().orderBy("created_at").orderBy("id");
  return (ids === "all" ? query : query.where("id", "in", ids)).execute();
}

/** Removes a project and what it holds; refused while a dynamic secret is in it. */
export async function remove(tx: Tx, id: string): Promise<Project> {
  const write = tx.sql.deleteFrom("projects").where("id", "=", id).returningAll().executeTakeFirst();
  const row = await refusing(write, {
    inUse: "this project holds dynamic secrets or leases still being ended; delete the dynamic secrets first",
  });
  if (row === undefined) throw new NotFound("project", id);
  return row;
}
