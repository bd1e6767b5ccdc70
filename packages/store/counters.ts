/**
 * Live leases per scope: of a dynamic secret, of whoever holds them, of a project. Exact, because the last statement of a
 * lease's first transaction raises them, and the last one of its proof lowers them.
 *
 * Whoever raises or lowers holds the rows until its commit, so all do it in the order of the scopes' names: nobody can wait
 * for somebody who waits for it.
 */
import { type RawBuilder, sql } from "kysely";
import type { Tx } from "./db.ts";

/** What a lease counts for. */
export interface Counted {
  dynamic_secret_id: string;
  project_id: string;
  actor_type: string;
  actor_id: string;
}

/** How many live leases there may be. */
export interface Limits {
  ofSecret: number;
  ofHolder: number;
  ofProject: number;
}

/** The scope that is full, and how many it may have. */
export interface Full {
  scope: keyof Limits;
  limit: number;
}

function scopesOf(lease: Counted): Record<keyof Limits, string> {
  return {
    ofSecret: `dynamic-secret:${lease.dynamic_secret_id}`,
    ofHolder: `${lease.actor_type}:${lease.actor_id}`,
    ofProject: `project:${lease.project_id}`,
  };
}

/** The SQL that counts one more live lease where there is room, and returns the scopes that had it. */
export function raising(
  lease: Counted,
  limits: Limits,
  condition: RawBuilder<unknown> = sql`true`,
): RawBuilder<{ scope: string }> {
  const wanted = Object.entries(scopesOf(lease)) as [keyof Limits, string][];
  const names = wanted.map(([, name]) => name);
  const most = wanted.map(([of]) => limits[of]);
  return sql`
    insert into counters (scope, live)
    select w.scope, 1 from unnest(${names}::text[], ${most}::int[]) as w(scope, most)
    where w.most > 0 and ${condition} order by w.scope collate "C"
    on conflict (scope) do update set live = counters.live + 1
      where counters.live < (
        select w.most from unnest(${names}::text[], ${most}::int[]) as w(scope, most) where w.scope = counters.scope)
    returning scope`;
}

/** The names of the scopes that a lease counts for. */
export function scopeNames(lease: Counted): string[] {
  return Object.values(scopesOf(lease));
}

/** Which scope has no room, by the names of those that had. */
export function fullOf(lease: Counted, limits: Limits, room: string[]): Full | undefined {
  const wanted = Object.entries(scopesOf(lease)) as [keyof Limits, string][];
  const full = wanted.find(([, name]) => !room.includes(name));
  return full && { scope: full[0], limit: limits[full[0]] };
}

/** The SQL that counts one live lease less, if `condition` holds. */
export function lowering(lease: Counted, condition: RawBuilder<unknown> = sql`true`): RawBuilder<unknown> {
  // Never below nothing: a count that is off must not stand in the way of a proof.
  return sql`
    update counters set live = greatest(counters.live - 1, 0)
    from (select scope from counters where scope = any(${scopeNames(lease)}::text[]) and ${condition}
      order by scope collate "C" for update) as held
    where counters.scope = held.scope`;
}

/** Counts one live lease less. */
export async function lower(tx: Tx, lease: Counted): Promise<void> {
  await lowering(lease).execute(tx.sql);
}
