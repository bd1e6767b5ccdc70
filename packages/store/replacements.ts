/**
 * Leases that take the place of another. Where a create is repeated the older one ends in the transaction that makes the
 * newer one active, so there is never an answer with both alive, and none after which neither is. Where it is handed over,
 * its end comes nearer in that transaction.
 */
import { sql } from "kysely";
import type { Tx } from "./db.ts";
import { inSeconds, type Lease, nextFence, now } from "./leases.ts";
import { askRevocation } from "./revocations.ts";

/** Locks both until the end of the transaction, in the order in which whoever ends many locks them. */
export async function hold(tx: Tx, older: string, newer: string): Promise<void> {
  await tx.sql.selectFrom("leases").select("id").where("id", "in", [older, newer]).orderBy("id").forUpdate().execute();
}

/** Links the older lease to the newer one; if it is active it moves to revoking, claimed. @returns it, if it moved */
export async function replace(tx: Tx, older: string, newer: string, endedBy: string): Promise<Lease | undefined> {
  await tx.sql.updateTable("leases").set({ replaced_by: newer }).where("id", "=", older).execute();
  return askRevocation(tx, older, "replaced", endedBy);
}

/** Links the older lease to the newer one; if it is active it ends in `graceSeconds` at the latest. @returns it, if it was */
export async function handOver(tx: Tx, older: string, newer: string, graceSeconds: number): Promise<Lease | undefined> {
  await tx.sql.updateTable("leases").set({ replaced_by: newer }).where("id", "=", older).execute();
  const end = inSeconds(graceSeconds);
  return tx.sql
    .updateTable("leases")
    .set({
      expires_at: sql<Date>`least(expires_at, ${end})`,
      due_at: sql<Date>`least(due_at, ${end})`,
      // A renewal that is under way may be undone: not to a later end either.
      renew_from: sql<Date | null>`case when renew_from is not null then least(renew_from, ${end}) end`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", older)
    .where("state", "=", "active")
    .returningAll()
    .executeTakeFirst();
}
