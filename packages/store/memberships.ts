/** Memberships: who has which roles in a project. */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import * as projects from "./projects.ts";
import * as secretOverrides from "./secret-overrides.ts";
import type { MembershipsTable, RoleGrant } from "./tables.ts";
import { refusing } from "./violations.ts";

export type Membership = Selectable<MembershipsTable>;

/** A person or a machine. */
export interface Actor {
  type: "identity" | "user";
  id: string;
}

/** Makes somebody a member. */
export async function create(tx: Tx, projectId: string, actor: Actor, roles: RoleGrant[]): Promise<Membership> {
  await projects.hold(tx, projectId);
  const insert = tx.sql
    .insertInto("memberships")
    .values({
      id: randomUUID(),
      project_id: projectId,
      actor_type: actor.type,
      actor_id: actor.id,
      roles: JSON.stringify(roles),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, {
    duplicate: `this ${actor.type} is a member of the project already; change its roles instead`,
    gone: ["project", projectId],
  });
}

/** Somebody's membership in a project; undefined for a stranger. */
export function find(db: Db, projectId: string, actor: Actor): Promise<Membership | undefined> {
  return db.sql
    .selectFrom("memberships")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("actor_type", "=", actor.type)
    .where("actor_id", "=", actor.id)
    .executeTakeFirst();
}

/** A project by id or slug with somebody's membership in it; undefined where there is either not. */
export async function standing(
  db: Db,
  by: { id: string } | { slug: string },
  actor: Actor,
): Promise<{ project: projects.Project; roles: RoleGrant[] } | undefined> {
  const query = db.sql
    .selectFrom("projects as p")
    .innerJoin("memberships as m", "m.project_id", "p.id")
    .selectAll("p")
    .select("m.roles as granted")
    .where("p.deleting", "=", sql.lit(false))
    .where("m.actor_type", "=", actor.type)
    .where("m.actor_id", "=", actor.id);
  const row = await ("id" in by
    ? query.where("p.id", "=", by.id)
    : query.where("p.slug", "=", by.slug)
  ).executeTakeFirst();
  if (row === undefined) return undefined;
  const { granted, ...project } = row;
  return { project, roles: granted };
}

/** Every membership of one actor. */
export function ofActor(db: Db, actor: Actor): Promise<Membership[]> {
  return db.sql
    .selectFrom("memberships")
    .selectAll()
    .where("actor_type", "=", actor.type)
    .where("actor_id", "=", actor.id)
    .execute();
}

/** Ends a membership; the member's personal overrides there go with it. */
export async function remove(tx: Tx, projectId: string, actor: Actor): Promise<Membership> {
  const row = await tx.sql
    .deleteFrom("memberships")
    .where("project_id", "=", projectId)
    .where("actor_type", "=", actor.type)
    .where("actor_id", "=", actor.id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("membership of", actor.id);
  await secretOverrides.removeAll(tx, `${actor.type}:${actor.id}`, projectId);
  return row;
}

/** Ends every membership of one actor, when it is deleted. */
export async function removeAll(tx: Tx, actor: Actor): Promise<void> {
  await tx.sql
    .deleteFrom("memberships")
    .where("actor_type", "=", actor.type)
    .where("actor_id", "=", actor.id)
    .execute();
  await secretOverrides.removeAll(tx, `${actor.type}:${actor.id}`);
}
