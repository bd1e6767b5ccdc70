/** Live leases per scope. Exact, because the last statement of a lease's first transaction raises them. */
import { sql } from "kysely";
import type { Tx } from "./db.ts";

/** The scope of all live leases of one dynamic secret. */
export function ofDynamicSecret(id: string): string {
  return `dynamic-secret:${id}`;
}

/** Raises the count unless that would pass `limit`. @returns whether it was raised. */
export async function raise(tx: Tx, scope: string, limit: number): Promise<boolean> {
  if (limit < 1) return false;
  const raised = await sql`
    insert into counters (scope, live) values (${scope}, 1)
    on conflict (scope) do update set live = counters.live + 1 where counters.live < ${limit}
    returning live`.execute(tx.sql);
  return raised.rows.length > 0;
}

/** Locks the count until the end of the transaction: whoever ends a lease at the same moment is waited for. */
export async function hold(tx: Tx, scope: string): Promise<void> {
  await tx.sql.selectFrom("counters").select("live").where("scope", "=", scope).forUpdate().execute();
}

/** Lowers the count by one. */
export async function lower(tx: Tx, scope: string): Promise<void> {
  await tx.sql
    .updateTable("counters")
    .set((eb) => ({ live: eb("live", "-", 1) }))
    .where("scope", "=", scope)
    .execute();
}
