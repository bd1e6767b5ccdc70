/**
 * Leases: the rows that are also the jobs. Here is their life, from intent to active and renewed; how they end is
 * `revocations.ts`.
 *
 * Each function is one transition, one UPDATE that names the state it leaves and, where a mover already works on the row,
 * the fence number it read. A row that does not match was moved by somebody else: the function returns undefined, and the
 * caller leaves the target alone. All times are compared here, in SQL, by `lease_now()`.
 */
import { type RawBuilder, type Selectable, sql } from "kysely";
import type { Caller, Db, Tx } from "./db.ts";
import type { Field } from "./sealing.ts";
import type { LeasesTable } from "./tables.ts";

export type Lease = Selectable<LeasesTable>;

/** The one clock. */
export const now = sql<Date>`lease_now()`;
/** That many seconds from now. */
export const inSeconds = (seconds: number): RawBuilder<Date> =>
  sql<Date>`lease_now() + make_interval(secs => ${seconds})`;
/** The fence number of who moves the row. */
export const nextFence = sql<number>`fence_no + 1`;

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
  /** The lease that ends when this one is handed out. */
  replaces?: string | null;
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
      replaces: intent.replaces ?? null,
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
