/**
 * Live leases per scope: of a dynamic secret, of whoever holds them, of a project. Exact, because the last statement of a
 * lease's first transaction raises them, and the last one of its proof lowers them.
 *
 * Whoever raises or lowers holds the rows until its commit, so all do it in the order of the scopes' names: nobody can wait
 * for somebody who waits for it.
 */
import { sql } from "kysely";
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

/** Counts one more live lease. @returns the scope that has no room; the transaction must then be given up */
export async function raise(tx: Tx, lease: Counted, limits: Limits): Promise<Full | undefined> {
  const wanted = Object.entries(scopesOf(lease)) as [keyof Limits, string][];
  const names = wanted.map(([, name]) => name);
  const most = wanted.map(([of]) => limits[of]);
  const raised = await sql<{ scope: string }>`
    with wanted as (select * from unnest(${names}::text[], ${most}::int[]) as w(scope, most))
    insert into counters (scope, live)
    select scope, 1 from wanted where most > 0 order by scope collate "C"
    on conflict (scope) do update set live = counters.live + 1
      where counters.live < (select most from wanted where wanted.scope = counters.scope)
    returning scope`.execute(tx.sql);
  const room = new Set(raised.rows.map((row) => row.scope));
  const full = wanted.find(([, name]) => !room.has(name));
  return full && { scope: full[0], limit: limits[full[0]] };
}

/** Counts one live lease less. */
export async function lower(tx: Tx, lease: Counted): Promise<void> {
  // Never below nothing: a count that is off must not stand in the way of a proof.
  await sql`
    update counters set live = greatest(counters.live - 1, 0)
    from (select scope from counters where scope = any(${Object.values(scopesOf(lease))}::text[])
      order by scope collate "C" for update) as held
    where counters.scope = held.scope`.execute(tx.sql);
}
