/**
 * Leases: the rows that are also the jobs.
 *
 * Each function is one transition, one UPDATE that names the state it leaves and, where a mover already works on the row,
 * the fence number it read. A row that does not match was moved by somebody else: the function returns undefined, and the
 * caller leaves the target alone. All times are compared here, in SQL, by `lease_now()`.
 *
 * A claim is nothing but a `due_at` ahead of now: if the node dies, the row falls due again.
 */
import { type RawBuilder, type Selectable, sql } from "kysely";
import type { Caller, Db, Tx } from "./db.ts";
import type { Field } from "./sealing.ts";
import type { LeaseReason, LeaseState, LeasesTable, Proof } from "./tables.ts";

export type Lease = Selectable<LeasesTable>;

/** Seconds for which a claimed row is left alone by everybody else. */
export const CLAIM_SECONDS = 60;
/** Seconds overdue after which people are told. */
const ATTENTION_SECONDS = 300;

const now = sql<Date>`lease_now()`;
const inSeconds = (seconds: number): RawBuilder<Date> => sql<Date>`lease_now() + make_interval(secs => ${seconds})`;
const nextFence = sql<number>`fence_no + 1`;
const claimedUntil = inSeconds(CLAIM_SECONDS);

/** What is durable before a target is touched. */
export interface Intent {
  id: string;
  projectId: string;
  dynamicSecretId: string;
  configVersion: number;
  targetKey: Buffer;
  username: string;
  config: Record<string, unknown>;
  ttlSeconds: number;
  /** Until when the create has to have answered, and until when it could still land. */
  answerSeconds: number;
  lateSeconds: number;
}

/** T1: nothing → intended. @throws a unique violation when a live lease of that target has the name. */
export async function intend(tx: Tx, caller: Caller, intent: Intent): Promise<Lease> {
  return (await tx.sql
    .insertInto("leases")
    .values({
      id: intent.id,
      project_id: intent.projectId,
      dynamic_secret_id: intent.dynamicSecretId,
      config_version: intent.configVersion,
      target_key: intent.targetKey,
      username: intent.username,
      lease_config: JSON.stringify(intent.config),
      answer_by: inSeconds(intent.answerSeconds),
      late_until: inSeconds(intent.lateSeconds),
      expires_at: inSeconds(intent.ttlSeconds),
      due_at: inSeconds(intent.answerSeconds),
      actor_type: caller.actor.type,
      actor_id: caller.actor.id,
      actor_name: caller.actor.name,
      source_ip: caller.ip,
      user_agent: caller.userAgent,
      // biome-ignore lint/suspicious/noExplicitAny: columns with a default of the database are absent here
    } as any)
    .returningAll()
    .executeTakeFirstOrThrow()) as Lease;
}

/** Whether `intend` failed because a live lease of that target has the name. */
export function isNameInUse(error: unknown): boolean {
  return error instanceof Error && (error as { constraint?: string }).constraint === "leases_live_name";
}

function keepField(lease: { id: string; projectId: string }): Field {
  return { table: "leases", column: "keep", row: lease.id, project: lease.projectId };
}

/** Seals what a revocation will need beyond the name. */
export async function sealKeep(
  db: Db,
  lease: { id: string; projectId: string },
  keep: Record<string, string>,
): Promise<Buffer> {
  return db.keys.seal(keepField(lease), JSON.stringify(keep));
}

/** Opens it again; nothing was kept for most types. */
export async function openKeep(db: Db, lease: Lease): Promise<Record<string, string> | undefined> {
  if (lease.keep === null) return undefined;
  const plain = await db.keys.open(keepField({ id: lease.id, projectId: lease.project_id }), lease.keep);
  return JSON.parse(plain.toString("utf8")) as Record<string, string>;
}

/** T2: intended → active. The create has landed, so nothing of it can land later. */
export function activate(
  tx: Tx,
  id: string,
  fenceNo: number,
  found: { keep: Buffer | null; nativeUntil: Date | null },
): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({
      state: "active",
      keep: found.keep,
      native_until: found.nativeUntil,
      late_until: now,
      due_at: sql<Date>`expires_at`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", id)
    .where("state", "=", "intended")
    .where("fence_no", "=", fenceNo)
    .where("answer_by", ">", now)
    .where("expires_at", ">", now)
    .returningAll()
    .executeTakeFirst();
}

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

/** Active, with room: its end moves by `ttlSeconds`, never past `created_at` + `maxSeconds`. */
export function extend(
  tx: Tx,
  id: string,
  fenceNo: number,
  change: { ttlSeconds: number; maxSeconds: number; nativeUntil: Date | null },
): Promise<Lease | undefined> {
  const newEnd = sql<Date>`expires_at + make_interval(secs => ${change.ttlSeconds})`;
  return tx.sql
    .updateTable("leases")
    .set({ expires_at: newEnd, due_at: newEnd, native_until: change.nativeUntil, fence_no: nextFence, updated_at: now })
    .where("id", "=", id)
    .where("state", "=", "active")
    .where("fence_no", "=", fenceNo)
    .where("expires_at", ">", now)
    .where(sql<boolean>`${newEnd} <= created_at + make_interval(secs => ${change.maxSeconds})`)
    .returningAll()
    .executeTakeFirst();
}

/** active → revoking, claimed by the mover. */
export function askRevocation(tx: Tx, id: string, reason: LeaseReason, endedBy: string): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({
      state: "revoking",
      reason,
      ended_by: endedBy,
      revoking_at: now,
      due_at: claimedUntil,
      attempts: sql<number>`attempts + 1`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", id)
    .where("state", "=", "active")
    .returningAll()
    .executeTakeFirst();
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

/** A claimed row and the state in which it fell due. */
export type Claimed = Lease & { was: LeaseState };

/**
 * Claims what is due on these targets, `free[i]` at most of `targetKeys[i]` and `room` in all. Overdue intents and active
 * leases move to revoking in the same statement.
 */
export async function claimDue(tx: Tx, targetKeys: Buffer[], free: number[], room: number): Promise<Claimed[]> {
  const claimed = await sql<Claimed>`
    with picked as (
      select l.id, l.state as was
      from unnest(${targetKeys}::bytea[], ${free}::int[]) as t(key, free)
      cross join lateral (
        select id, state from leases where target_key = t.key and due_at <= lease_now()
        order by due_at limit t.free for update skip locked) l
      limit ${room})
    update leases set
      state = 'revoking',
      reason = coalesce(reason, case when was = 'intended' then 'create-failed' else 'expired' end),
      revoking_at = coalesce(revoking_at, lease_now()),
      due_at = lease_now() + make_interval(secs => ${CLAIM_SECONDS}),
      attempts = attempts + 1,
      fence_no = fence_no + 1,
      updated_at = case when was = 'revoking' then updated_at else lease_now() end
    from picked where leases.id = picked.id
    returning leases.*, picked.was`.execute(tx.sql);
  return claimed.rows;
}

/** Milliseconds until the next row of these targets falls due; null when none is waiting. */
export async function untilNextDue(db: Db, targetKeys: Buffer[]): Promise<number | null> {
  const { rows } = await sql<{ ms: number | null }>`
    select (extract(epoch from min(l.due_at) - lease_now()) * 1000)::float8 as ms
    from unnest(${targetKeys}::bytea[]) as t(key)
    cross join lateral (
      select due_at from leases where target_key = t.key and due_at is not null order by due_at limit 1) l`.execute(
    db.sql,
  );
  return rows[0]?.ms ?? null;
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
      attention_at: sql<Date | null>`coalesce(attention_at,
        case when lease_now() > revoking_at + make_interval(secs => ${ATTENTION_SECONDS}) then lease_now() end)`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", id)
    .where("state", "=", "revoking")
    .where("fence_no", "=", fenceNo)
    .returningAll()
    .executeTakeFirst();
}

/** revoking → gone, with its proof; never before a lost create could not land any more. */
export function finish(
  tx: Tx,
  id: string,
  fenceNo: number,
  end: { proof: Proof; killed: number; fenced: boolean },
): Promise<Lease | undefined> {
  return tx.sql
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
    .returningAll()
    .executeTakeFirst();
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

/** Everything of a dynamic secret becomes due now; the sweeper does the rest. @returns the leases that moved. */
export function cascade(tx: Tx, dynamicSecretId: string, endedBy: string): Promise<Lease[]> {
  return tx.sql
    .updateTable("leases")
    .set({
      state: "revoking",
      reason: "cascade",
      ended_by: endedBy,
      revoking_at: now,
      due_at: now,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("dynamic_secret_id", "=", dynamicSecretId)
    .where("state", "in", ["intended", "active"])
    .returningAll()
    .execute();
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

/** In any state; undefined when there never was one. */
export function byId(db: Db, id: string): Promise<Lease | undefined> {
  return db.sql.selectFrom("leases").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Handed out and not yet proven gone, newest first. */
export function liveOf(db: Db, dynamicSecretId: string): Promise<Lease[]> {
  return (
    db.sql
      .selectFrom("leases")
      .selectAll()
      .where("dynamic_secret_id", "=", dynamicSecretId)
      .where("state", "in", ["active", "revoking"])
      // A create that failed was never handed out.
      .where(sql<boolean>`reason is distinct from 'create-failed'`)
      .orderBy("created_at", "desc")
      .execute()
  );
}

/** Seconds that can still be added under `maxSeconds`; of an active lease only. */
export async function roomLeft(db: Db, id: string, maxSeconds: number): Promise<number> {
  const row = await db.sql
    .selectFrom("leases")
    .select(
      sql<number>`floor(extract(epoch from created_at + make_interval(secs => ${maxSeconds}) - expires_at))::float8`.as(
        "room",
      ),
    )
    .where("id", "=", id)
    .executeTakeFirst();
  return Math.max(0, row?.room ?? 0);
}

/** The database's clock and, of one lease, what is left until its end (milliseconds). */
export async function clock(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db.sql);
  return rows[0]!.now;
}
