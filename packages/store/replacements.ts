/**
 * Leases that take the place of another: the older one ends in the transaction that makes the newer one active, so there
 * is never an answer with both alive, and none after which neither is.
 */
import type { Tx } from "./db.ts";
import type { Lease } from "./leases.ts";
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
