/** Memberships: who has which roles in a project, and which of them hold now by the database's clock. */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import * as projects from "./projects.ts";
import * as secretOverrides from "./secret-overrides.ts";
import type { MembershipsTable, RoleGrant, RoleRule } from "./tables.ts";
import { refusing } from "./violations.ts";

export type Membership = Selectable<MembershipsTable>;

/** A person or a machine. */
export interface Actor {
  type: "identity" | "user";
  id: string;
}

/** A role to give. */
export type Grant = Omit<RoleGrant, "id">;

/** A role that somebody has now; one of the project's own comes with its rules. */
export interface Granted extends RoleGrant {
  permissions?: RoleRule[];
}

function columns(roles: Grant[]) {
  return {
    roles: JSON.stringify(roles.map((grant) => ({ ...grant, id: randomUUID() }))),
    custom_roles: roles.flatMap(({ roleId }) => roleId ?? []),
    ends_at: endOf(roles),
  };
}

/** When nothing is left of roles; null where one of them stays. */
function endOf(roles: Grant[]): Date | null {
  const ends = roles.map(({ temporary }) => (temporary === undefined ? Infinity : Date.parse(temporary.end)));
  const last = Math.max(...ends);
  return last === Infinity ? null : new Date(last);
}

/** Makes somebody a member. @throws NotFound, Duplicate */
export async function create(tx: Tx, projectId: string, actor: Actor, roles: Grant[]): Promise<Membership> {
  await projects.hold(tx, projectId);
  const insert = tx.sql
    .insertInto("memberships")
    .values({
      id: randomUUID(),
      project_id: projectId,
      actor_type: actor.type,
      actor_id: actor.id,
      ...columns(roles),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, {
    duplicate: `this ${actor.type} is a member of the project already; change its roles instead`,
    gone: ["project", projectId],
  });
}

/** A project by id or slug with somebody's roles in it, as they hold now; undefined where there is either not. */
export async function standing(
  db: Db,
  by: { id: string } | { slug: string },
  actor: Actor,
): Promise<{ project: projects.Project; roles: Granted[] } | undefined> {
  const query = db.sql
    .selectFrom("projects as p")
    .innerJoin("memberships as m", "m.project_id", "p.id")
    .selectAll("p")
    .select("m.roles as granted")
    .select(sql<Date>`lease_now()`.as("now"))
    .select(
      sql<Record<string, RoleRule[]> | null>`(
        select jsonb_object_agg(r.id, r.permissions) from roles r
        where r.id = any(m.custom_roles) and r.project_id = m.project_id)`.as("rules"),
    )
    .where("p.deleting", "=", sql.lit(false))
    .where("m.actor_type", "=", actor.type)
    .where("m.actor_id", "=", actor.id);
  const row = await ("id" in by
    ? query.where("p.id", "=", by.id)
    : query.where("p.slug", "=", by.slug)
  ).executeTakeFirst();
  if (row === undefined) return undefined;
  const { granted, now, rules, ...project } = row;
  const roles = granted
    .filter((grant) => isInForce(grant, now))
    .map((grant) => (grant.roleId === undefined ? grant : { ...grant, permissions: rules?.[grant.roleId] ?? [] }));
  return { project, roles };
}

function isInForce({ temporary }: RoleGrant, now: Date): boolean {
  return temporary === undefined || (new Date(temporary.start) <= now && now < new Date(temporary.end));
}

/** Every membership of one actor in which some role holds now. */
export async function ofActor(db: Db, actor: Actor): Promise<Membership[]> {
  const rows = await db.sql
    .selectFrom("memberships")
    .selectAll()
    .select(sql<Date>`lease_now()`.as("now"))
    .where("actor_type", "=", actor.type)
    .where("actor_id", "=", actor.id)
    .execute();
  return rows.filter(({ roles, now }) => roles.some((grant) => isInForce(grant, now)));
}

/** A membership with what is said of it outside. */
export interface Member extends Membership {
  /** Of a machine its name, of a person the e-mail address beside it. */
  name: string;
  email: string | null;
  hasUniversalAuth: boolean;
  hasDeleteProtection: boolean;
  /** The project's own roles among its roles. */
  named: { id: string; slug: string; name: string }[];
}

/** The machines or the people of a project, oldest membership first. */
export async function list(
  db: Db,
  projectId: string,
  type: Actor["type"],
  only: { id?: string; actorId?: string } = {},
): Promise<Member[]> {
  const { rows } = await sql<Member>`
    select m.*, coalesce(i.name, u.name) as name, u.email,
      coalesce(i.has_delete_protection, false) as "hasDeleteProtection",
      exists (select from universal_auths a where a.identity_id = i.id) as "hasUniversalAuth",
      (select coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'slug', r.slug, 'name', r.name)), '[]')
        from roles r where r.id = any(m.custom_roles)) as named
    from memberships m
      left join identities i on m.actor_type = 'identity' and i.id = m.actor_id
      left join users u on m.actor_type = 'user' and u.id = m.actor_id
    where m.project_id = ${projectId} and m.actor_type = ${type} and coalesce(i.id, u.id) is not null
      ${only.id === undefined ? sql`` : sql`and m.id = ${only.id}`}
      ${only.actorId === undefined ? sql`` : sql`and m.actor_id = ${only.actorId}`}
    order by m.created_at, m.id`.execute(db.sql);
  return rows;
}

/** Somebody's roles become these. @throws NotFound */
export async function update(tx: Tx, projectId: string, actor: Actor, roles: Grant[]): Promise<Membership> {
  const row = await tx.sql
    .updateTable("memberships")
    .set({ ...columns(roles), updated_at: sql`lease_now()` })
    .where("project_id", "=", projectId)
    .where("actor_type", "=", actor.type)
    .where("actor_id", "=", actor.id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("membership of", actor.id);
  return row;
}

/** A request that was let in before a role ended has begun its lease by then, or begins none. */
const STILL_UNDER_WAY = sql.lit("15 seconds");

/** Memberships of which nothing is left since this was last asked, some at a time: what they hold is to be ended. */
export async function lapsed(tx: Tx): Promise<Pick<Membership, "id" | "project_id" | "actor_type" | "actor_id">[]> {
  const { rows } = await sql<Membership>`
    update memberships set ends_at = null where id in (
      select id from memberships where ends_at <= lease_now() - interval ${STILL_UNDER_WAY}
        order by ends_at limit 100 for update skip locked)
    returning id, project_id, actor_type, actor_id`.execute(tx.sql);
  return rows;
}

/** Ends a membership; the member's personal overrides there go with it. @throws NotFound */
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

/**
 * Keeps somebody's leases from beginning, or lets them again, when it is disabled or enabled. Leases that are beginning
 * hold their membership: they come before this, or find it suspended.
 */
export async function suspend(tx: Tx, actor: Actor, suspended: boolean): Promise<void> {
  const theirs = tx.sql
    .selectFrom("memberships")
    .select("id")
    .where("actor_type", "=", actor.type)
    .where("actor_id", "=", actor.id)
    .orderBy("id")
    .forUpdate();
  await tx.sql
    .with("theirs", () => theirs)
    .updateTable("memberships")
    .set({ suspended })
    .where("id", "in", (query) => query.selectFrom("theirs").select("theirs.id"))
    .execute();
}
