/**
 * The audit trail as people and programs read it: newest first, page by page, or onward from a place in it.
 *
 * The trail has no index of what its rows say, since every request would pay for it. So a page examines a stretch of it and
 * no more, and says where to go on: what it costs is bounded, however long the trail is.
 */
import { sql } from "kysely";
import type { AuditRow } from "./audit.ts";
import type { Db } from "./db.ts";

/** Rows that one page examines. */
const STRETCH = 20_000;
/** Rows are linked in the order of their commits, which may be so much later than what they say. */
const LATE_MS = 60_000;

/** What is looked for; all of it holds. */
export interface AuditFilter {
  projectId?: string;
  actorId?: string;
  event?: string;
  leaseId?: string;
  /** Part of any text in the row, in any case. */
  search?: string;
  startDate?: Date;
  endDate?: Date;
}

/** A row with its place in the chain. */
export interface LinkedRow extends AuditRow {
  sequence: string;
  hash: string;
  userAgent: string | null;
}

interface Found {
  sequence: string;
  body: string;
  link: Buffer;
}

function read({ sequence, body, link }: Found): LinkedRow {
  return { ...(JSON.parse(body) as Omit<LinkedRow, "sequence" | "hash">), sequence, hash: link.toString("hex") };
}

/** The place of the newest linked row; 0 for none. */
export async function head(db: Db): Promise<bigint> {
  const row = await db.sql
    .selectFrom("audit_links")
    .select("sequence")
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  return BigInt(row?.sequence ?? 0);
}

/** One page, newest first; `before` is the `next` of the page before. A page may be short and have one after it. */
export async function page(
  db: Db,
  filter: AuditFilter,
  { limit, before }: { limit: number; before?: bigint },
): Promise<{ rows: LinkedRow[]; next: string | null }> {
  let top = before ?? (await head(db)) + 1n;
  if (filter.endDate) {
    const end = await firstAt(db, filter.endDate.getTime() + LATE_MS, top);
    if (end < top) top = end;
  }
  const bottom = top - BigInt(STRETCH);
  const { rows } = await sql<Found>`
    select l.sequence, l.link, e.body from audit_links l join audit_events e on e.id = l.event_id
    where l.sequence < ${String(top)}::bigint and l.sequence >= ${String(bottom)}::bigint and ${matching(filter)}
    order by l.sequence desc limit ${limit}`.execute(db.sql);
  const last = rows.length === limit ? BigInt(rows.at(-1)!.sequence) : bottom;
  return { rows: rows.map(read), next: (await hasMore(db, filter, last)) ? String(last) : null };
}

function matching(filter: AuditFilter) {
  const all = [sql`true`];
  const { projectId, actorId, event, leaseId, search, startDate, endDate } = filter;
  // As json and not as jsonb, which refuses a whole row for one character.
  if (projectId !== undefined) all.push(sql`e.body::json ->> 'projectId' = ${projectId}`);
  if (actorId !== undefined) all.push(sql`e.body::json #>> '{actor,id}' = ${actorId}`);
  if (event !== undefined) all.push(sql`e.body::json ->> 'event' = ${event}`);
  if (leaseId !== undefined) all.push(sql`e.body::json #>> '{detail,leaseId}' = ${leaseId}`);
  if (search !== undefined) all.push(sql`position(lower(${search}) in lower(e.body)) > 0`);
  if (startDate) all.push(sql`(e.body::json ->> 'at')::timestamptz >= ${startDate}`);
  if (endDate) all.push(sql`(e.body::json ->> 'at')::timestamptz < ${endDate}`);
  return sql.join(all, sql` and `);
}

/** Whether anything before this place can be wanted. */
async function hasMore(db: Db, { startDate }: AuditFilter, before: bigint): Promise<boolean> {
  if (before <= 1n) return false;
  const at = startDate && (await timeAt(db, before - 1n));
  return at === undefined || startDate === undefined || at >= startDate.getTime() - LATE_MS;
}

/** The first place whose row is of that time or later, below `top`; found in as many steps as its number has digits in base 2. */
async function firstAt(db: Db, time: number, top: bigint): Promise<bigint> {
  let low = 1n;
  let high = top;
  while (low < high) {
    const middle = (low + high) / 2n;
    const at = await timeAt(db, middle);
    if (at !== undefined && at < time) low = middle + 1n;
    else high = middle;
  }
  return high;
}

async function timeAt(db: Db, sequence: bigint): Promise<number | undefined> {
  const { rows } = await sql<{ at: string }>`
    select e.body::json ->> 'at' as at from audit_links l join audit_events e on e.id = l.event_id
    where l.sequence = ${String(sequence)}::bigint`.execute(db.sql);
  return rows[0] && Date.parse(rows[0].at);
}

/** What came after a place, oldest first, `most` rows of it. */
export async function after(db: Db, sequence: bigint, most: number): Promise<LinkedRow[]> {
  const { rows } = await sql<Found>`
    select l.sequence, l.link, e.body from audit_links l join audit_events e on e.id = l.event_id
    where l.sequence > ${String(sequence)}::bigint order by l.sequence limit ${most}`.execute(db.sql);
  return rows.map(read);
}
