/** Roles that a project has made for itself. */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { Duplicate, NotFound } from "./errors.ts";
import * as projects from "./projects.ts";
import type { RoleRule, RolesTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type Role = Selectable<RolesTable>;

/** What a role is made of. */
export interface RoleDraft {
  slug: string;
  name: string;
  description: string;
  permissions: RoleRule[];
}

/** Most roles of one project. */
const MOST = 200;

const taken = (slug: string | undefined) => ({ duplicate: `the project has a role '${slug}' already` });

/** Makes a role. @throws Duplicate when its slug is taken, or the project has as many as it may */
export async function create(tx: Tx, projectId: string, { permissions, ...draft }: RoleDraft): Promise<Role> {
  await projects.hold(tx, projectId);
  const { count } = await tx.sql
    .selectFrom("roles")
    .select(sql<number>`count(*)::int`.as("count"))
    .where("project_id", "=", projectId)
    .executeTakeFirstOrThrow();
  if (count >= MOST) throw new Duplicate(`the project has ${MOST} roles already; delete one first`);
  const insert = tx.sql
    .insertInto("roles")
    .values({ id: randomUUID(), project_id: projectId, ...draft, permissions: JSON.stringify(permissions) })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, taken(draft.slug));
}

/** The roles of a project, oldest first. */
export function list(db: Db, projectId: string): Promise<Role[]> {
  return db.sql
    .selectFrom("roles")
    .selectAll()
    .where("project_id", "=", projectId)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

/** One role of a project, by its id or its slug. @throws NotFound */
export async function find(db: Db, projectId: string, by: { id: string } | { slug: string }): Promise<Role> {
  const query = db.sql.selectFrom("roles").selectAll().where("project_id", "=", projectId);
  const row = await ("id" in by ? query.where("id", "=", by.id) : query.where("slug", "=", by.slug)).executeTakeFirst();
  if (row === undefined) throw new NotFound("role", "id" in by ? by.id : by.slug);
  return row;
}

/** The roles of these slugs, kept as they are until the end of the transaction. @throws NotFound when one is missing */
export async function hold(tx: Tx, projectId: string, slugs: string[]): Promise<Role[]> {
  if (slugs.length === 0) return [];
  const rows = await tx.sql
    .selectFrom("roles")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("slug", "in", slugs)
    .orderBy("id")
    .forShare()
    .execute();
  const missing = slugs.find((slug) => !rows.some((row) => row.slug === slug));
  if (missing !== undefined) throw new NotFound("role", missing);
  return rows;
}

/** Changes what is given and leaves the rest. @throws NotFound, Duplicate */
export async function update(
  tx: Tx,
  projectId: string,
  id: string,
  { permissions, ...change }: Partial<RoleDraft>,
): Promise<Role> {
  const write = tx.sql
    .updateTable("roles")
    .set({
      ...change,
      ...(permissions && { permissions: JSON.stringify(permissions) }),
      updated_at: sql`lease_now()`,
    })
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  const row = await refusing(write, taken(change.slug));
  if (row === undefined) throw new NotFound("role", id);
  return row;
}

/** Deletes a role that no member has. @throws NotFound, Duplicate when somebody has it */
export async function remove(tx: Tx, projectId: string, id: string): Promise<Role> {
  // Taken for itself first: who is just giving it to somebody has locked it, and is seen below.
  const row = await tx.sql
    .deleteFrom("roles")
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("role", id);
  const { count } = await tx.sql
    .selectFrom("memberships")
    .select(sql<number>`count(*)::int`.as("count"))
    .where("project_id", "=", projectId)
    .where(sql<boolean>`${id} = any(custom_roles)`)
    .executeTakeFirstOrThrow();
  if (count > 0) throw new Duplicate(`the role '${row.slug}' is in use by ${count} members: give them another first`);
  return row;
}
