/**
 * Orders to revoke many leases at once: what somebody was shown, made due some rows at a time.
 *
 * Owns that an order ends just the leases it names, and that it is never lost half-way: what is left of it are rows. How a
 * lease that is due ends is not its matter.
 */
import { createHash, randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Caller, Db, Tx } from "./db.ts";
import { Moved } from "./errors.ts";
import { type LeaseFilter, matching, sources } from "./lease-lists.ts";
import { type Ended, endThese } from "./revocations.ts";

/** Leases that are made due in one transaction. */
export const BATCH = 500;

/** How many living leases a filter finds now, and what tells just these from any others. */
export interface Shown {
  count: number;
  digest: string;
}

function chosen(projectId: string, filter: LeaseFilter) {
  const within = sql`l.project_id = ${projectId} and l.state <> 'gone' and l.state = 'active'`;
  return sql`select l.id from ${sources} where ${within} and ${matching(filter, within)}`;
}

/** Counts what an order would end. */
export async function show(db: Db, projectId: string, filter: LeaseFilter): Promise<Shown> {
  const { rows } = await sql<{ count: number; ids: string | null }>`
    select count(*)::int as count, string_agg(id::text, ',' order by id) as ids
    from (${chosen(projectId, filter)}) as chosen`.execute(db.sql);
  const { count, ids } = rows[0]!;
  return { count, digest: digestOf(ids ?? "") };
}

function digestOf(ids: string): string {
  return createHash("sha256").update(ids).digest("hex");
}

/**
 * Writes an order down, for the leases that are chosen now. @returns its id and how many it names
 * @throws Moved when they are not those that `digest` was made of
 */
export async function order(
  tx: Tx,
  caller: Caller,
  projectId: string,
  filter: LeaseFilter,
  { digest, reason }: { digest: string; reason: string },
): Promise<{ id: string; count: number }> {
  const id = randomUUID();
  const { type, id: actorId, name } = caller.actor;
  await tx.sql
    .insertInto("bulk_revocations")
    .values({
      id,
      project_id: projectId,
      actor_type: type,
      actor_id: actorId,
      actor_name: name,
      request_id: caller.requestId,
      source_ip: caller.ip,
      user_agent: caller.userAgent,
      reason,
    })
    .execute();
  // What is written is what is compared: one statement sees one state of the table.
  const { rows } = await sql<{ count: number; ids: string | null }>`
    with written as (
      insert into bulk_revocation_leases (revocation_id, lease_id)
      select ${id}::uuid, id from (${chosen(projectId, filter)}) as chosen returning lease_id)
    select count(*)::int as count, string_agg(lease_id::text, ',' order by lease_id) as ids from written`.execute(
    tx.sql,
  );
  const { count, ids } = rows[0]!;
  if (digestOf(ids ?? "") !== digest) {
    throw new Moved("the leases are not those of the dry run any more: ask for a new one, and look at it again");
  }
  return { id, count };
}

/** What one step of an order came to. */
export interface Step {
  /** Who ordered it. */
  caller: Caller;
  endedBy: string;
  moved: Ended[];
}

/** Makes the next leases of an order due, if there is one that nobody else works on. @returns undefined when there is none */
export async function step(tx: Tx): Promise<Step | undefined> {
  const open = await tx.sql
    .selectFrom("bulk_revocations")
    .selectAll()
    .where("moved_at", "is", null)
    .orderBy("ordered_at")
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (open === undefined) return undefined;
  const { rows } = await sql<{ lease_id: string }>`
    update bulk_revocation_leases set moved = true where revocation_id = ${open.id} and lease_id in (
      select lease_id from bulk_revocation_leases where revocation_id = ${open.id} and not moved
      order by lease_id limit ${BATCH})
    returning lease_id`.execute(tx.sql);
  const endedBy = open.actor_id ?? open.actor_name;
  const leaseIds = rows.map((row) => row.lease_id);
  const moved = leaseIds.length === 0 ? [] : await endThese(tx, leaseIds, endedBy);
  if (rows.length < BATCH) {
    await tx.sql
      .updateTable("bulk_revocations")
      .set({ moved_at: sql<Date>`lease_now()` })
      .where("id", "=", open.id)
      .execute();
  }
  const actor = { type: open.actor_type, id: open.actor_id, name: open.actor_name };
  const caller = { actor, requestId: open.request_id, ip: open.source_ip, userAgent: open.user_agent };
  return { caller, endedBy, moved };
}

/** How far an order is. `gone`: also those that had ended before, or are forgotten by now. */
export interface Progress {
  id: string;
  count: number;
  gone: number;
  pending: number;
  failed: number;
  reason: string;
  orderedAt: Date;
}

/** Where an order of this project stands; undefined when there is no such order. */
export async function progress(db: Db, projectId: string, id: string): Promise<Progress | undefined> {
  const { rows } = await sql<Progress>`
    select b.id, b.reason, b.ordered_at as "orderedAt", n.* from bulk_revocations b cross join lateral (
      select count(*)::int as count,
        (count(*) filter (where l.id is null or l.state = 'gone'))::int as gone,
        (count(*) filter (where l.state = 'revoking' and l.error is not null))::int as failed,
        (count(*) filter (where l.state <> 'gone' and not (l.state = 'revoking' and l.error is not null)))::int as pending
      from bulk_revocation_leases o left join leases l on l.id = o.lease_id
      where o.revocation_id = b.id) n
    where b.id = ${id} and b.project_id = ${projectId}`.execute(db.sql);
  return rows[0];
}

/** Deletes orders that are older than `days`, one at a time: each may name very many leases. @returns how many went */
export async function forget(tx: Tx, days: number): Promise<number> {
  const gone = await sql`
    delete from bulk_revocations where id in (
      select id from bulk_revocations where moved_at < lease_now() - make_interval(days => ${days}) limit 1)`.execute(
    tx.sql,
  );
  return Number(gone.numAffectedRows ?? 0);
}
