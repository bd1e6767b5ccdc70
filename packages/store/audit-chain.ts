/**
 * The audit trail's chain: each link is an HMAC over the link before and one row's MAC.
 *
 * One sealer at a time, held by a claimed row, links what has committed, in the order of transactions. It takes only rows
 * below the oldest running transaction, so no row can appear behind the head. Chaining inside each transaction instead
 * would queue every commit on one row. Until it is linked (about a second) a row is protected against change, not against
 * deletion.
 */
import { sql } from "kysely";
import { auditKey } from "./audit.ts";
import type { Db } from "./db.ts";
import { mac } from "./keyring.ts";
import type { Store } from "./store.ts";
import { claimWriter, letGo } from "./writers.ts";

const BATCH = 1_000;
const SEAL_EVERY_MS = 1_000;
const SEALER = "audit-sealer";
/** After a sealer was killed nothing is linked for so long: several turns, since a busy one may miss some. */
const CLAIM_SECONDS = 5;

interface Head {
  sequence: bigint;
  link: Buffer;
  txid: string;
}

async function headOf(db: Db): Promise<Head> {
  const row = await db.sql
    .selectFrom("audit_links")
    .leftJoin("audit_events", "audit_events.id", "audit_links.event_id")
    .select([
      "audit_links.sequence",
      "audit_links.link",
      sql<string>`coalesce(audit_events.txid, '0'::xid8)`.as("txid"),
    ])
    .orderBy("audit_links.sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  return row
    ? { sequence: BigInt(row.sequence), link: row.link, txid: row.txid }
    : { sequence: 0n, link: Buffer.alloc(32), txid: "0" };
}

/**
 * Links what has committed, if this node is the sealer.
 * @returns how many rows were linked; 0 too when another node is the sealer.
 */
export function sealAudit(store: Store, holder: string): Promise<number> {
  return store.transaction(async (tx) => {
    if (!(await claimWriter(tx, SEALER, holder, CLAIM_SECONDS))) return 0;
    const head = await headOf(tx);
    const events = await tx.sql
      .selectFrom("audit_events as e")
      .select(["e.id", "e.mac"])
      .where(sql<boolean>`e.txid >= ${head.txid}::xid8 and e.txid < pg_snapshot_xmin(pg_current_snapshot())`)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom("audit_links as l").select("l.sequence").whereRef("l.event_id", "=", "e.id"))),
      )
      .orderBy("e.txid")
      .orderBy("e.id")
      .limit(BATCH)
      .execute();
    if (events.length === 0) return 0;
    const key = tx.keys.derive("audit links");
    let { sequence, link } = head;
    const links = events.map((event) => {
      sequence += 1n;
      link = mac(key, link, String(sequence), event.mac);
      return { sequence: String(sequence), event_id: event.id, link };
    });
    await tx.sql.insertInto("audit_links").values(links).execute();
    return links.length;
  });
}

/** Seals every second until stopped. What fails is told and tried again: rows wait, they are not lost. */
export function keepSealing(
  store: Store,
  holder: string,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const pass = async (): Promise<void> => {
    let linked = 0;
    try {
      linked = await sealAudit(store, holder);
    } catch (error) {
      if (!stopped) onError(error);
    }
    if (!stopped) timer = setTimeout(() => (running = pass()), linked === BATCH ? 0 : SEAL_EVERY_MS);
  };
  running = pass();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      // One last time: what was written until now is linked. Then the next node, or the next start, need not wait.
      await sealAudit(store, holder).catch(onError);
      await store.transaction((tx) => letGo(tx, SEALER, holder)).catch(onError);
    },
  };
}

export interface Verification {
  ok: boolean;
  /** Rows in the chain. */
  rows: number;
  /** Rows written so lately that they are not yet linked. */
  unlinked: number;
  head: { sequence: string; hash: string } | null;
  firstBreak: { sequence: string | null; eventId: string; what: string } | null;
}

/**
 * Checks every row's MAC and every link behind `after` (0: from the beginning), up to `last`; without one to the end, and
 * the rows that are not linked yet. Reads only.
 */
export async function verifyAudit(db: Db, after = 0n, last?: bigint): Promise<Verification> {
  const rowKey = auditKey(db.keys);
  const linkKey = db.keys.derive("audit links");
  const start = await db.sql
    .selectFrom("audit_links")
    .select("link")
    .where("sequence", "=", String(after))
    .executeTakeFirst();
  const result: Verification = { ok: true, rows: 0, unlinked: 0, head: null, firstBreak: null };
  const breaks = (sequence: string | null, eventId: string, what: string): Verification => ({
    ...result,
    ok: false,
    firstBreak: { sequence, eventId, what },
  });
  let link = start?.link ?? Buffer.alloc(32);
  let sequence = after;
  for (;;) {
    const batch = await db.sql
      .selectFrom("audit_links as l")
      .leftJoin("audit_events as e", "e.id", "l.event_id")
      .select(["l.sequence", "l.event_id", "l.link", "e.body", "e.mac"])
      .where("l.sequence", ">", String(sequence))
      .$if(last !== undefined, (query) => query.where("l.sequence", "<=", String(last)))
      .orderBy("l.sequence")
      .limit(BATCH)
      .execute();
    for (const row of batch) {
      sequence += 1n;
      if (row.sequence !== String(sequence)) return breaks(String(sequence), row.event_id, "a link is missing");
      if (row.body === null || row.mac === null) return breaks(row.sequence, row.event_id, "the row was deleted");
      if (!mac(rowKey, row.event_id, row.body).equals(row.mac))
        return breaks(row.sequence, row.event_id, "the row was changed");
      link = mac(linkKey, link, row.sequence, row.mac);
      if (!link.equals(row.link))
        return breaks(row.sequence, row.event_id, "the link does not follow from the one before");
      result.rows += 1;
      result.head = { sequence: row.sequence, hash: link.toString("hex") };
    }
    if (batch.length < BATCH) break;
  }
  if (last !== undefined) return result;
  const unlinked = await db.sql
    .selectFrom("audit_events as e")
    .leftJoin("audit_links as l", "l.event_id", "e.id")
    .select(["e.id", "e.body", "e.mac"])
    .where("l.sequence", "is", null)
    .execute();
  for (const row of unlinked) {
    if (!mac(rowKey, row.id, row.body).equals(row.mac)) return breaks(null, row.id, "the row was changed");
  }
  result.unlinked = unlinked.length;
  return result;
}

/** Checks the last `rows` links only: what a start does after a crash. */
export async function verifyAuditTail(db: Db, rows = 1_000): Promise<Verification> {
  const { sequence } = await headOf(db);
  const after = sequence - BigInt(rows);
  return verifyAudit(db, after > 0n ? after : 0n);
}
