/**
 * Leases: the rows that are also the jobs. Here is their life, from intent to active; how they are renewed is `renewals.ts`,
 * how they end is `revocations.ts`.
 *
 * Each function is one transition, one UPDATE that names the state it leaves and, where a mover already works on the row,
 * the fence number it read. A row that does not match was moved by somebody else: the function returns undefined, and the
 * caller leaves the target alone. All times are compared here, in SQL, by `lease_now()`.
 */
import { type RawBuilder, type Selectable, sql } from "kysely";
import type { AuditEvent } from "./audit.ts";
import * as counters from "./counters.ts";
import type { Caller, Db, Single, Tx } from "./db.ts";
import * as idempotencyKeys from "./idempotency-keys.ts";
import { recording } from "./moves.ts";
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
  /** The lease that ends when this one is handed out, or a while after. */
  replaces?: string | null;
  /** What its holder says of it. */
  purpose?: string | null;
  ticket?: string | null;
  labels?: Record<string, string>;
  /** Seconds from one beat to the next; null where none is expected. */
  beatEvery?: number | null;
}

/** A lease ends when so many of its beats are missed. */
const BEATS_MISSED = 2;

/** What goes with an intent, in the same statement. */
export interface Along {
  limits: counters.Limits;
  /** The caller has to be a member of the project until the intent is durable. */
  asMember: boolean;
  events: AuditEvent[];
  /** The caller's key for it, which has to be free. */
  key?: idempotencyKeys.Digests | undefined;
}

/** A limit of live leases has no room. */
export class LimitReached extends Error {
  override name = "LimitReached";
  readonly full: counters.Full;
  constructor(full: counters.Full) {
    super("a limit of live leases is reached");
    this.full = full;
  }
}

/**
 * T1: nothing → intended, with its audit row and its counts, in one statement: the counters are locked for no longer. What
 * it hangs on is locked against deletion and freezes meanwhile.
 * @returns undefined when the dynamic secret or the membership is gone or frozen
 * @throws a unique violation when a live lease of that target has the name, LimitReached, KeyTaken
 */
export async function intend(
  db: Single,
  caller: Caller,
  intent: Intent,
  { limits, asMember, events, key }: Along,
): Promise<Lease | undefined> {
  const { type, id: actorId, name } = caller.actor;
  const counted = {
    dynamic_secret_id: intent.dynamicSecretId,
    project_id: intent.projectId,
    actor_type: type,
    actor_id: actorId ?? "",
  };
  const member = sql`member as (select 1 from memberships where project_id = ${intent.projectId}
    and actor_type = ${type} and actor_id = ${actorId} and not suspended and frozen is null for share),`;
  const statement = sql<Lease>`
    with ${asMember ? member : sql``} held as (
      select 1 from dynamic_secrets where id = ${intent.dynamicSecretId} and not deleting
        and frozen is null and not project_frozen for share),
    intended as (
      insert into leases (id, project_id, dynamic_secret_id, config_version, target_key, username, lease_config,
        answer_by, late_until, expires_at, due_at, actor_type, actor_id, actor_name, source_ip, user_agent, replaces,
        purpose, ticket, labels, beat_every)
      select ${intent.id}::uuid, ${intent.projectId}::uuid, ${intent.dynamicSecretId}::uuid, ${intent.configVersion}::int,
        ${intent.targetKey}::bytea, ${intent.username}, ${JSON.stringify(intent.config)}::jsonb,
        ${inSeconds(intent.answerSeconds)}, ${inSeconds(intent.lateSeconds)}, ${inSeconds(intent.ttlSeconds)},
        ${inSeconds(intent.answerSeconds)}, ${type}, ${actorId}::uuid, ${name}, ${caller.ip}, ${caller.userAgent},
        ${intent.replaces ?? null}::uuid, ${intent.purpose ?? null}, ${intent.ticket ?? null},
        ${JSON.stringify(intent.labels ?? {})}::jsonb, ${intent.beatEvery ?? null}::int
      from held ${asMember ? sql`, member` : sql``} returning *),
    counted as (${counters.raising(counted, limits, sql`exists (select from intended)`)}),
    recorded as (${recording(db, { caller, events }, "intended")})
    ${key ? sql`, named as (${idempotencyKeys.naming(key, "intended")})` : sql``}
    select intended.* from intended
    where demand_room((select array_agg(scope) from counted), ${counters.scopeNames(counted)}::text[])
    ${key ? sql`and demand_key(exists (select from named))` : sql``}`;
  try {
    const { rows } = await statement.execute(db.sql);
    if (rows[0] !== undefined && events.length > 0) db.recording.push(caller);
    return rows[0];
  } catch (error) {
    const { code, detail } = error as { code?: string; detail?: string };
    if (code === "DF002") throw new idempotencyKeys.KeyTaken();
    if (code !== "DF001") throw error;
    throw new LimitReached(counters.fullOf(counted, limits, (detail ?? "").split(" "))!);
  }
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

/** The UPDATE of T2, intended → active. The create has landed, so nothing of it can land later. */
export function activation(
  { sql: connection }: Db,
  id: string,
  fenceNo: number,
  found: { keep: Buffer | null; nativeUntil: Date | null },
) {
  return connection
    .updateTable("leases")
    .set({
      state: "active",
      keep: found.keep,
      native_until: found.nativeUntil,
      late_until: now,
      beat_by: nextBeat,
      due_at: sql<Date>`least(expires_at, ${nextBeat})`,
      fence_no: nextFence,
      updated_at: now,
    })
    .where("id", "=", id)
    .where("state", "=", "intended")
    .where("fence_no", "=", fenceNo)
    .where("answer_by", ">", now)
    .where("expires_at", ">", now)
    .returningAll();
}

/** Until when the next beat has to come; null without one. */
const nextBeat = sql<Date | null>`lease_now() + make_interval(secs => ${sql.lit(BEATS_MISSED)} * beat_every)`;

/** A beat: its holder is there. Not a move, so it stands in nobody's way. @returns undefined when it comes too late */
export function beat(tx: Tx, id: string): Promise<Lease | undefined> {
  return tx.sql
    .updateTable("leases")
    .set({
      beat_by: nextBeat,
      // Somebody has to look after a renewal that is under way, whoever beats.
      due_at: sql<Date>`least(expires_at, ${nextBeat}, case when renew_from is not null then renew_by end)`,
    })
    .where("id", "=", id)
    .where("state", "=", "active")
    .where("expires_at", ">", now)
    .where("beat_by", ">", now)
    .returningAll()
    .executeTakeFirst();
}

/** In any state; undefined when there never was one. */
export function byId(db: Db, id: string): Promise<Lease | undefined> {
  return db.sql.selectFrom("leases").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Whose a lease of a project is, and where its dynamic secret is or was; undefined when the project has no such lease. */
export function ownerOf(
  db: Db,
  projectId: string,
  id: string,
): Promise<
  | {
      environment: string | null;
      path: string | null;
      name: string;
      metadata: { key: string; value: string }[];
      actor_type: string;
      actor_id: string;
    }
  | undefined
> {
  return db.sql
    .selectFrom("leases as l")
    .innerJoin("dynamic_secrets as d", "d.id", "l.dynamic_secret_id")
    .leftJoin("environments as e", "e.id", "d.environment_id")
    .leftJoin("folders as f", "f.id", "d.folder_id")
    .select(["d.name", "d.metadata", "l.actor_type", "l.actor_id"])
    .select([
      sql<string | null>`coalesce(d.was_at ->> 'environment', e.slug)`.as("environment"),
      sql<string | null>`coalesce(d.was_at ->> 'path', f.path)`.as("path"),
    ])
    .where("l.id", "=", id)
    .where("l.project_id", "=", projectId)
    .executeTakeFirst();
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

/** The database's clock. */
export async function clock(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db.sql);
  return rows[0]!.now;
}
