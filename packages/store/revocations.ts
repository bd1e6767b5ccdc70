/**
 * The ends of leases: from intended or active to revoking, from revoking to gone, and never back.
 *
 * A claim is nothing but a `due_at` ahead of now: if the node dies, the row falls due again. Whoever works on a row holds
 * the fence number it read; a row that does not match was moved by somebody else, the function returns undefined, and the
 * caller leaves the target alone.
 */
import { type RawBuilder, sql } from "kysely";
import { lowering } from "./counters.ts";
import type { Db, Single, Tx } from "./db.ts";
import { inSeconds, type Lease, nextFence, now } from "./leases.ts";
import { move, type Recorded } from "./moves.ts";
import { turn } from "./renewals.ts";
import type { LeaseReason, LeaseState, Proof } from "./tables.ts";

/** Seconds for which a claimed row is left alone by everybody else. */
export const CLAIM_SECONDS = 60;
/** Seconds overdue after which people are told. */
const ATTENTION_SECONDS = 300;
/** Rows that one statement moves at most where there may be very many. */
const BATCH = 500;

const claimedUntil = inSeconds(CLAIM_SECONDS);

/** intended → revoking, claimed by the mover. `neverLands`: the target refused it outright, so nothing can land late. */
export function failCreate(
  tx: Tx,
  id: string,
  fenceNo: number,
  failure: { errorClass: string; error: string; neverLands: boolean },
): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({
      state: "revoking",
      reason: "create-failed",
      error_class: failure.errorClass,
      error: failure.error,
      revoking_at: now,
      due_at: claimedUntil,
      attempts: sql<number>`attempts + 1`,
      fence_no: nextFence,
      updated_at: now,
      ...(failure.neverLands ? { late_until: now } : {}),
    })
    .where("id", "=", id)
    .where("state", "=", "intended")
    .where("fence_no", "=", fenceNo)
    .returningAll()
    .executeTakeFirst();
}

/** active → revoking, claimed by the mover. */
export function askRevocation(tx: Tx, id: string, reason: LeaseReason, endedBy: string): Promise<Lease | undefined> {
  return asking(tx, id, reason, endedBy).executeTakeFirst();
}

/** The UPDATE of `askRevocation`. */
export function asking({ sql: connection }: Db, id: string, reason: LeaseReason, endedBy: string) {
  return connection
    .updateTable("leases")
    .set({
      state: "revoking",
      reason,
      ended_by: endedBy,
      renew_from: null,
      renew_by: null,
      revoking_at: now,
      due_at: claimedUntil,
      attempts: sql<number>`attempts + 1`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", id)
    .where("state", "=", "active")
    .returningAll();
}

/** A revocation that already runs, claimed by who asks again. A doubled attempt wastes work and breaks nothing. */
export function claimRevoking(tx: Tx, id: string): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({ due_at: claimedUntil, attempts: sql<number>`attempts + 1`, fence_no: nextFence })
    .where("id", "=", id)
    .where("state", "=", "revoking")
    .returningAll()
    .executeTakeFirst();
}

/** Why a row that was in the state `was` is due. */
const whyDue = sql`case when was = 'intended' then 'create-failed'
  when expires_at > lease_now() and beat_by <= lease_now() then 'missed-beat' else 'expired' end`;

/** A claimed row and the state in which it fell due. `renews`: it lives on, with a renewal that somebody has to finish. */
export type Claimed = Lease & { was: LeaseState; renews: boolean };

/**
 * Claims what is due on these targets, `free[i]` at most of `targetKeys[i]` and `room` in all. Overdue intents and active
 * leases move to revoking in the same statement; of a lease whose end is ahead, a renewal that was interrupted is taken over.
 */
export async function claimDue(tx: Tx, targetKeys: Buffer[], free: number[], room: number): Promise<Claimed[]> {
  const claimed = await sql<Claimed>`
    with picked as (
      select l.id, l.state as was, l.renews
      from unnest(${targetKeys}::bytea[], ${free}::int[]) as t(key, free)
      cross join lateral (
        select id, state, state = 'active' and renew_from is not null and expires_at > lease_now()
          and (beat_by is null or beat_by > lease_now()) as renews
        from leases where target_key = t.key and due_at <= lease_now()
        order by due_at limit t.free for update skip locked) l
      limit ${room})
    update leases set
      state = case when renews then state else 'revoking' end,
      reason = case when renews then reason
        else coalesce(reason, ${whyDue}) end,
      revoking_at = case when renews then revoking_at else coalesce(revoking_at, lease_now()) end,
      renew_from = case when renews then renew_from end,
      renew_by = case when renews then ${turn.by} end,
      due_at = case when renews then least(${turn.dueBefore(sql`expires_at`)}, beat_by) else ${claimedUntil} end,
      attempts = attempts + case when renews then 0 else 1 end,
      fence_no = fence_no + 1,
      updated_at = case when was = 'revoking' then updated_at else lease_now() end
    from picked where leases.id = picked.id
    returning leases.*, picked.was, picked.renews`.execute(tx.sql);
  return claimed.rows;
}

/** A target with leases, and in how many milliseconds its first one falls due; 0 or less when it is due. */
export interface Due {
  targetKey: Buffer;
  inMs: number;
}

/** Every target that has a lease to look after: one step of the index a target, however many leases there are. */
export async function dueTargets(db: Db): Promise<Due[]> {
  const { rows } = await sql<Due>`
    with recursive keys as (
      (select target_key, due_at from leases where due_at is not null order by target_key, due_at limit 1)
      union all
      select l.target_key, l.due_at from keys cross join lateral (
        select target_key, due_at from leases where due_at is not null and target_key > keys.target_key
        order by target_key, due_at limit 1) l)
    select target_key as "targetKey", (extract(epoch from due_at - lease_now()) * 1000)::float8 as "inMs" from keys`.execute(
    db.sql,
  );
  return rows;
}

/**
 * Leases of targets that are not asked now move to revoking all the same when they are overdue, and stay due; some at a
 * time. What is due for its renewal alone waits for its target. @returns those that moved, with the state they left
 */
export async function expireUnasked(tx: Tx, targetKey: Buffer, error: string): Promise<Claimed[]> {
  const moved = await sql<Claimed>`
    with picked as (
      select id, state as was from leases where target_key = ${targetKey} and due_at <= lease_now()
        and state in ('intended', 'active') and (renew_from is null or expires_at <= lease_now()) order by due_at limit ${BATCH} for update skip locked)
    update leases set
      state = 'revoking', reason = coalesce(reason, ${whyDue}),
      revoking_at = lease_now(), renew_from = null, renew_by = null, error_class = 'unreachable', error = ${error},
      fence_no = fence_no + 1, updated_at = lease_now()
    from picked where leases.id = picked.id
    returning leases.*, picked.was, false as renews`.execute(tx.sql);
  return moved.rows;
}

/** What a breaker or a back-off holds is due now, because its target answers again. */
export async function hurry(tx: Tx, targetKey: Buffer): Promise<void> {
  await tx.sql
    .updateTable("leases")
    .set({ due_at: now })
    .where("target_key", "=", targetKey)
    .where("state", "=", "revoking")
    .where("error_class", "in", ["unreachable", "auth"])
    .where("due_at", ">", now)
    .execute();
}

/**
 * Marks what has been ending for too long and has been tried, so that people can be told; some at a time.
 * @returns those marked now, with the address of their target
 */
export async function markUnheeded(tx: Tx): Promise<(Lease & { address: string })[]> {
  const marked = await sql<Lease & { address: string }>`
    update leases set attention_at = lease_now() where id in (
      select id from leases where state = 'revoking' and attention_at is null
        and revoking_at < lease_now() - make_interval(secs => ${ATTENTION_SECONDS})
        and (error is not null or attempts > 1)
      order by revoking_at limit ${BATCH} for update skip locked)
    returning *, (
      select c.address from config_versions c
      where c.dynamic_secret_id = leases.dynamic_secret_id and c.version = leases.config_version) as address`.execute(
    tx.sql,
  );
  return marked.rows;
}

/** Its target is not asked now: not an attempt, and due again in `delaySeconds`. */
export function postpone(
  tx: Tx,
  id: string,
  fenceNo: number,
  why: { errorClass: string; error: string; delaySeconds: number },
): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({
      error_class: why.errorClass,
      error: why.error,
      due_at: inSeconds(why.delaySeconds),
      attempts: sql<number>`greatest(attempts - 1, 0)`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", id)
    .where("state", "=", "revoking")
    .where("fence_no", "=", fenceNo)
    .returningAll()
    .executeTakeFirst();
}

/** An attempt ended without proof: the next one is due in `delaySeconds`. Null facts stay as they were. */
export function failAttempt(
  tx: Tx,
  id: string,
  fenceNo: number,
  attempt: { errorClass: string | null; error: string | null; delaySeconds: number; fenced: boolean; killed: number },
): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({
      error_class: attempt.errorClass,
      error: attempt.error,
      // Never before the last moment at which a lost create could land, where only that is waited for.
      due_at: inSeconds(attempt.delaySeconds),
      fenced_at: attempt.fenced ? sql<Date>`coalesce(fenced_at, lease_now())` : sql<Date | null>`fenced_at`,
      sessions_killed: sql<number>`sessions_killed + ${attempt.killed}`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", id)
    .where("state", "=", "revoking")
    .where("fence_no", "=", fenceNo)
    .returningAll()
    .executeTakeFirst();
}

/** What is written with the proof. */
export interface End {
  proof: Proof;
  killed: number;
  fenced: boolean;
}

/** revoking → gone, with its proof; never before a lost create could not land any more. */
export function finish(tx: Tx, id: string, fenceNo: number, end: End): Promise<Lease | undefined> {
  return finishing(tx, id, fenceNo, end).executeTakeFirst();
}

/** `finish` with its audit row, and one live lease less, in one statement. */
export function finishRecorded(db: Single, lease: Lease, end: End, recorded: Recorded): Promise<Lease | undefined> {
  const lowered = lowering(lease, sql`exists (select from moved)`);
  return move<Lease>(db, finishing(db, lease.id, lease.fence_no, end), recorded, sql`, lowered as (${lowered})`);
}

function finishing({ sql: connection }: Db, id: string, fenceNo: number, end: End) {
  return connection
    .updateTable("leases")
    .set({
      state: "gone",
      proof: JSON.stringify(end.proof),
      gone_at: now,
      due_at: null,
      keep: null,
      fenced_at: end.fenced ? sql<Date>`coalesce(fenced_at, lease_now())` : sql<Date | null>`fenced_at`,
      sessions_killed: sql<number>`sessions_killed + ${end.killed}`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", id)
    .where("state", "=", "revoking")
    .where("fence_no", "=", fenceNo)
    .where("late_until", "<=", now)
    .returningAll();
}

/** The account is absent, but a lost create could still land: looked at again when that is over. */
export function waitForLate(tx: Tx, id: string, fenceNo: number): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({ due_at: sql<Date>`late_until`, error: null, error_class: null, fence_no: nextFence, updated_at: now })
    .where("id", "=", id)
    .where("state", "=", "revoking")
    .where("fence_no", "=", fenceNo)
    .where("late_until", ">", now)
    .returningAll()
    .executeTakeFirst();
}

/**
 * The create of a lease that is being ended already has landed: nothing of it can land later, and the end need not wait for
 * that. An attempt that runs may have looked before the account was there, so its fence number counts no more.
 */
export function landed(tx: Tx, id: string): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({ late_until: now, due_at: now, fence_no: nextFence, updated_at: now })
    .where("id", "=", id)
    .where("state", "=", "revoking")
    .returningAll()
    .executeTakeFirst();
}

/** What the audit trail says of a lease that ends because what it hung on goes. */
export type Ended = Pick<Lease, "id" | "project_id" | "dynamic_secret_id" | "username">;

/** Everything of these dynamic secrets becomes due now; the sweeper does the rest. @returns the leases that moved */
export function cascade(tx: Tx, dynamicSecretIds: string[], endedBy: string): Promise<Ended[]> {
  return cascadeWhere(tx, endedBy, sql<boolean>`dynamic_secret_id = any(${dynamicSecretIds}::uuid[])`);
}

/**
 * Everything that an actor holds, in one project or in all, becomes due now, because the actor is taken away.
 * @returns the leases that moved
 */
export function cascadeActor(
  tx: Tx,
  actor: { type: string; id: string },
  endedBy: string,
  projectId?: string,
): Promise<Ended[]> {
  const theirs = sql<boolean>`actor_type = ${actor.type} and actor_id = ${actor.id}`;
  const which = projectId === undefined ? theirs : sql<boolean>`${theirs} and project_id = ${projectId}`;
  return cascadeWhere(tx, endedBy, which);
}

/** Those of these leases that live become due now, because of one order for all of them. @returns the leases that moved */
export function endThese(tx: Tx, leaseIds: string[], endedBy: string): Promise<Ended[]> {
  return cascadeWhere(tx, endedBy, sql<boolean>`id = any(${leaseIds}::uuid[])`, "bulk");
}

async function cascadeWhere(
  tx: Tx,
  endedBy: string,
  which: RawBuilder<boolean>,
  reason: LeaseReason = "cascade",
): Promise<Ended[]> {
  // In the order of ids: two that end some of the same leases wait for each other and not in a circle.
  const { rows } = await sql<Ended>`
    with picked as (
      select id from leases where ${which} and state in ('intended', 'active') order by id for update)
    update leases set state = 'revoking', reason = ${reason}, ended_by = ${endedBy}, revoking_at = lease_now(),
      renew_from = null, renew_by = null, due_at = lease_now(), fence_no = fence_no + 1, updated_at = lease_now()
    from picked where leases.id = picked.id
    returning leases.id, leases.project_id, leases.dynamic_secret_id, leases.username`.execute(tx.sql);
  return rows;
}

/** Deletes what ended more than `days` ago, some rows at a time. @returns how many went */
export async function forget(tx: Tx, days: number): Promise<number> {
  const gone = await sql`
    delete from leases where id in (
      select id from leases where state = 'gone' and gone_at < lease_now() - make_interval(days => ${days}) limit 1000)`.execute(
    tx.sql,
  );
  return Number(gone.numAffectedRows ?? 0);
}

/** Rows that this node had claimed fall due at once: another node, or the next start, goes on with them. */
export async function release(tx: Tx, claims: { id: string; fenceNo: number }[]): Promise<void> {
  for (const claim of claims) {
    await tx.sql
      .updateTable("leases")
      .set({ due_at: now })
      .where("id", "=", claim.id)
      .where("state", "=", "revoking")
      .where("fence_no", "=", claim.fenceNo)
      .execute();
  }
}
