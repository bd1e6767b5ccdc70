/**
 * Renewals of leases: written before the target is touched, so that a lease's end is at no time earlier than what its
 * account may have in the target.
 *
 * One that is under way has a turn: whoever began it, or took it over, acts in the target for a while, and no other renewal
 * begins before nothing of it can land any more. The fence number tells whose turn it is. Who never finishes leaves a row
 * that falls due: `claimDue` hands it on.
 */
import { type RawBuilder, sql } from "kysely";
import type { AuditEvent } from "./audit.ts";
import type { Caller, Single } from "./db.ts";
import * as idempotencyKeys from "./idempotency-keys.ts";
import { inSeconds, type Lease } from "./leases.ts";
import { move, type Recorded, recording } from "./moves.ts";

/** For so long whoever has a turn may act in the target, from the row's `updated_at` on. */
export const ACTS_MS = 8_000;
/** After so many seconds somebody else takes the turn over: a second for the last statement. */
const DUE_SECONDS = ACTS_MS / 1000 + 1;
/** What was sent at the last moment has landed then: a target gives a statement 20 s. */
const LANDED_SECONDS = 30;

/** A turn that begins now: until when no other renewal may begin, and when a row with this end falls due. */
export const turn = {
  by: inSeconds(LANDED_SECONDS),
  dueBefore: (end: RawBuilder<unknown>): RawBuilder<Date> => sql<Date>`least(${end}, ${inSeconds(DUE_SECONDS)})`,
};

/** What a renewal asks for. */
export interface Extension {
  ttlSeconds: number;
  /** From the lease's creation on it lives no longer than this. */
  maxSeconds: number;
  /** Whether the target keeps an end of its own, so that moving the row is only the beginning. */
  inTarget: boolean;
}

/** What goes with it, in the same statement. */
export interface Along {
  caller: Caller;
  events: AuditEvent[];
  /** The caller's key for it, which has to be free. */
  key?: idempotencyKeys.Digests | undefined;
}

/**
 * Moves the lease's end, if it is active as it was read, has room, and no other renewal is under way.
 * @returns undefined when it is not so: nothing was written @throws KeyTaken
 */
export async function begin(
  db: Single,
  { id, fence_no }: Lease,
  { ttlSeconds, maxSeconds, inTarget }: Extension,
  { caller, events, key }: Along,
): Promise<Lease | undefined> {
  const end = sql<Date>`expires_at + make_interval(secs => ${ttlSeconds})`;
  const under = inTarget
    ? sql`renew_from = expires_at, renew_by = ${turn.by}, due_at = least(${turn.dueBefore(end)}, beat_by)`
    : sql`renew_by = null, due_at = least(${end}, beat_by)`;
  const statement = sql<Lease>`
    with moved as (
      update leases set expires_at = ${end}, ${under}, fence_no = fence_no + 1, updated_at = lease_now()
      where id = ${id} and state = 'active' and fence_no = ${fence_no} and expires_at > lease_now()
        and ${end} <= created_at + make_interval(secs => ${maxSeconds})
        and renew_from is null and (renew_by is null or renew_by <= lease_now())
      returning *)
    ${events.length > 0 ? sql`, recorded as (${recording(db, { caller, events }, "moved")})` : sql``}
    ${key ? sql`, named as (${idempotencyKeys.naming(key, "moved", "renewal")})` : sql``}
    select * from moved ${key ? sql`where demand_key(exists (select from named))` : sql``}`;
  try {
    const { rows } = await statement.execute(db.sql);
    if (rows[0] !== undefined && events.length > 0) db.recording.push(caller);
    return rows[0];
  } catch (error) {
    if ((error as { code?: string }).code === "DF002") throw new idempotencyKeys.KeyTaken();
    throw error;
  }
}

/**
 * The target's end has moved, and with it the renewal is made. `handedOn`: it was taken over, so something of who had it
 * before may still land, and the next renewal waits for that. @returns undefined when somebody else has the turn
 */
export function finish(
  db: Single,
  { id, fence_no }: Lease,
  { nativeUntil, handedOn }: { nativeUntil: Date; handedOn: boolean },
  recorded: Recorded,
): Promise<Lease | undefined> {
  const finishing = sql<Lease>`
    update leases set native_until = ${nativeUntil}, renew_from = null ${handedOn ? sql`` : sql`, renew_by = null`},
      due_at = least(expires_at, beat_by), fence_no = fence_no + 1, updated_at = lease_now()
    where id = ${id} and state = 'active' and fence_no = ${fence_no} returning *`;
  return move<Lease>(db, finishing, recorded);
}

/**
 * Nothing of it has landed, and nothing will: the lease has the end it had, and the key is free again.
 * @returns undefined when somebody else has the turn
 */
export async function undo(
  db: Single,
  { id, fence_no }: Lease,
  key: idempotencyKeys.Digests | undefined,
): Promise<Lease | undefined> {
  const { rows } = await sql<Lease>`
    with undone as (
      update leases set expires_at = renew_from, due_at = least(renew_from, beat_by), renew_from = null, renew_by = null,
        fence_no = fence_no + 1, updated_at = lease_now()
      where id = ${id} and state = 'active' and fence_no = ${fence_no} and renew_from is not null returning *)
    ${key ? sql`, freed as (${idempotencyKeys.freeing(key, "undone")})` : sql``}
    select * from undone`.execute(db.sql);
  return rows[0];
}
