/**
 * Idempotency keys: what a caller's request came to, found again under a key that the caller chose.
 *
 * Owns that a key names one thing at a time, on all nodes together, and for how long. It does not know what a repeat is
 * answered with. The key itself is not stored, only a digest of caller and key, and one of what was asked.
 */
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { now } from "./leases.ts";
import type { IdempotencyKeysTable } from "./tables.ts";

/** How long a key is known after its last use. */
const KEPT = sql`interval '24 hours'`;
/** Rows that one transaction deletes at most. */
const BITE = 1_000;

export type IdempotencyKey = Selectable<IdempotencyKeysTable>;

/** What a key names from now on. */
export interface Use {
  digest: Buffer;
  body: Buffer;
  leaseId: string;
  /** The new end that a renewal came to; null for a create. */
  renewedUntil: Date | null;
}

/** What a key names; undefined when it is free. */
export function find(db: Db, digest: Buffer): Promise<IdempotencyKey | undefined> {
  return db.sql
    .selectFrom("idempotency_keys")
    .selectAll()
    .where("digest", "=", digest)
    .where(sql<boolean>`used_at > lease_now() - ${KEPT}`)
    .executeTakeFirst();
}

/** Takes a key that is free. Of two at once the second waits for the first's commit. @returns whether it was free */
export async function take(tx: Tx, use: Use): Promise<boolean> {
  const taken = await sql`
    insert into idempotency_keys (digest, body, lease_id, renewed_until)
    values (${use.digest}, ${use.body}, ${use.leaseId}, ${use.renewedUntil})
    on conflict (digest) do update set
      body = excluded.body, lease_id = excluded.lease_id, renewed_until = excluded.renewed_until, used_at = excluded.used_at
      where idempotency_keys.used_at <= lease_now() - ${KEPT}
    returning digest`.execute(tx.sql);
  return taken.rows.length > 0;
}

/** Passes a key on, from the lease it named when it was read. @returns false when it names another one by now */
export async function passOn(tx: Tx, digest: Buffer, from: string, to: string): Promise<boolean> {
  const passed = await tx.sql
    .updateTable("idempotency_keys")
    .set({ lease_id: to, used_at: now })
    .where("digest", "=", digest)
    .where("lease_id", "=", from)
    .returning("digest")
    .executeTakeFirst();
  return passed !== undefined;
}

/** Deletes keys that were used last more than a day ago, some at a time. @returns how many went */
export async function forget(tx: Tx): Promise<number> {
  const gone = await sql`
    delete from idempotency_keys where digest in (
      select digest from idempotency_keys where used_at <= lease_now() - ${KEPT}
      limit ${BITE} for update skip locked)`.execute(tx.sql);
  return Number(gone.numAffectedRows ?? 0);
}
