/**
 * One move of one row, in one statement that commits by itself: the row, and its audit rows if it has moved. A round trip
 * where a transaction of its own would take four.
 */
import { type RawBuilder, sql } from "kysely";
import { type AuditEvent, rowsOf } from "./audit.ts";
import type { Caller, Single } from "./db.ts";

/** What is recorded of a move, and for whom. */
export interface Recorded {
  caller: Caller;
  events: AuditEvent[];
}

/** The audit rows of a move as a part of its statement; they are written only where `moved` has a row. */
export function recording(db: Single, { caller, events }: Recorded, moved: string): RawBuilder<unknown> {
  const rows = rowsOf(db.keys, caller, events);
  return sql`insert into audit_events (id, body, mac)
    select * from unnest(${rows.map((row) => row.id)}::uuid[], ${rows.map((row) => row.body)}::text[],
      ${rows.map((row) => row.mac)}::bytea[]) where exists (select from ${sql.ref(moved)})`;
}

/**
 * Runs `mover`, an UPDATE that returns its row, with its record and whatever else goes along.
 * @returns the row; undefined when it did not match, and then nothing at all was written
 */
export async function move<T>(
  db: Single,
  mover: RawBuilder<T> | { toOperationNode(): unknown },
  recorded: Recorded,
  along: RawBuilder<unknown> = sql``,
): Promise<T | undefined> {
  const { rows } = await sql<T>`
    with moved as (${mover as RawBuilder<T>}), recorded as (${recording(db, recorded, "moved")}) ${along}
    select * from moved`.execute(db.sql);
  if (rows[0] !== undefined) db.recording.push(recorded.caller);
  return rows[0];
}
