/**
 * Idempotency keys: what a caller's request came to, found again under a key that the caller chose.
 *
 * Owns that a key names one thing at a time, on all nodes together, and for how long. It does not know what a repeat is
 * answered with. The key itself is not stored, only a digest of caller and key, and one of what was asked.
 */
import { type RawBuilder, type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { IdempotencyKeysTable } from "./tables.ts";

/** How long a key is known after its last use. */
const KEPT = sql`interval '24 hours'`;
/** Rows that one transaction deletes at most. */
const BITE = 1_000;

export type IdempotencyKey = Selectable<IdempotencyKeysTable>;

/** A key in its caller's hand, and what was asked under it. */
export interface Digests {
  digest: Buffer;
  body: Buffer;
}

/** Another request has the key. */
export class KeyTaken extends Error {
  override name = "KeyTaken";
  constructor() {
    super("the key names another request");
  }
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

const UNLESS_YOUNG = sql`
  on conflict (digest) do update set
    body = excluded.body, lease_id = excluded.lease_id, renewed_until = excluded.renewed_until, used_at = excluded.used_at
    where idempotency_keys.used_at <= lease_now() - ${KEPT}
  returning digest`;

/**
 * The SQL by which a free key names the lease in `made`, and of a renewal the end that it has there; without a row when it is
 * not free. Of two at once the second waits for the first's commit.
 */
export function naming(
  { digest, body }: Digests,
  made: string,
  what: "create" | "renewal" = "create",
): RawBuilder<unknown> {
  const until = what === "renewal" ? sql`expires_at` : sql`null::timestamptz`;
  return sql`insert into idempotency_keys (digest, body, lease_id, renewed_until)
    select ${digest}::bytea, ${body}::bytea, id, ${until} from ${sql.ref(made)} ${UNLESS_YOUNG}`;
}

/** The SQL by which a key is free again, if the renewal that it names is undone in `undone`. */
export function freeing({ digest }: Digests, undone: string): RawBuilder<unknown> {
  return sql`delete from idempotency_keys where digest = ${digest}::bytea and lease_id in (select id from ${sql.ref(undone)})`;
}

/** Passes a key on, from the lease it named when it was read. @returns false when it names another one by now */
export async function passOn(tx: Tx, digest: Buffer, from: string, to: string): Promise<boolean> {
  const passed = await tx.sql
    .updateTable("idempotency_keys")
    .set({ lease_id: to, used_at: sql<Date>`lease_now()` })
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
