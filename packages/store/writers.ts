/** Claimed rows: work that one node at a time does. A claim is a row, not a session lock, so it works through poolers. */
import { sql } from "kysely";
import type { Tx } from "./db.ts";

/**
 * Takes or keeps the claim `name` for `seconds`.
 * @returns whether `holder` has it now.
 */
export async function claimWriter(tx: Tx, name: string, holder: string, seconds: number): Promise<boolean> {
  const claimed = await sql`
    insert into writers (name, holder, until) values (${name}, ${holder}, lease_now() + make_interval(secs => ${seconds}))
    on conflict (name) do update set holder = excluded.holder, until = excluded.until, fence_no = writers.fence_no + 1
      where writers.holder = ${holder} or writers.until <= lease_now()
    returning name`.execute(tx.sql);
  return claimed.rows.length > 0;
}

/** Gives the claim back before its time, if `holder` still has it. */
export async function letGo(tx: Tx, name: string, holder: string): Promise<void> {
  await tx.sql.deleteFrom("writers").where("name", "=", name).where("holder", "=", holder).execute();
}
