/**
 * The backlog: what lives, what still has to end, and for how long it should have. Looked at for figures, all nodes
 * together; cheap however many leases live, since only what is ending is read.
 */
import { sql } from "kysely";
import type { Db } from "./db.ts";

/** One look. */
export interface Backlog {
  /** Leases whose account may exist and is not being ended. */
  active: number;
  /** Revocations without proof. */
  pending: number;
  /** Of them, those whose account cannot log in any more. */
  fenced: number;
  /** Of them, those that a forced deletion has let go of. */
  leftBehind: number;
  /** Seconds since the one that waits longest should have been done; 0 when nothing is overdue. */
  oldestSeconds: number;
}

/** Counts it. */
export async function measure(db: Db): Promise<Backlog> {
  const { rows } = await sql<Backlog>`
    with recursive ending as (
      select revoking_at, late_until, fenced_at, left_behind_at from leases where state = 'revoking' and attention_at is null
      union all
      select revoking_at, late_until, fenced_at, left_behind_at from leases
      where state = 'revoking' and attention_at is not null),
    pending as (
      select count(*)::int as pending, count(fenced_at)::int as fenced, count(left_behind_at)::int as left_behind,
        min(greatest(revoking_at, late_until)) as since
      from ending),
    -- The first due row of each target, from one target to the next: a claim or a sweeper that is late shows here.
    due(target_key, due_at) as (
      (select target_key, due_at from leases where due_at is not null order by target_key, due_at limit 1)
      union all
      select next.target_key, next.due_at from due cross join lateral (
        select target_key, due_at from leases where due_at is not null and target_key > due.target_key
        order by target_key, due_at limit 1) next),
    live as (select coalesce(sum(live), 0)::int as live from counters where scope like 'project:%')
    select greatest(live.live - pending.pending, 0) as active, pending.pending, pending.fenced,
      pending.left_behind as "leftBehind",
      greatest(0, extract(epoch from lease_now() - least(pending.since, (select min(due_at) from due))))::float8
        as "oldestSeconds"
    from live, pending`.execute(db.sql);
  return rows[0]!;
}
