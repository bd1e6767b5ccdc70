/**
 * Targets in trouble: one breaker a host, and one a login of an admin there, shared by all nodes.
 *
 * A host's breaker opens after three calls in a row that got no answer, a login's after one that was refused. While it is
 * open one call in a while goes through as a probe; whoever takes it moves the time of the next one in the same statement,
 * so that all nodes together probe no more often. Of one login never more than three are refused within five minutes:
 * each takes a place before it is tried and gives it back when it has worked.
 */
import { type RawBuilder, sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** Calls without an answer, in a row, that open a host's breaker. */
const OPENS_AT = 3;
/** Seconds between two probes of a host that does not answer. */
const PROBE_SECONDS = 5;
/** Seconds between two tries of a login that was refused. */
const LOGIN_PROBE_SECONDS = 150;
/** Of one login so many may be refused within so many seconds. */
const REFUSED_AT_MOST = 3;
const REFUSED_WITHIN = 300;
/** A login that nobody told the end of, because its node died, gives its place back after so many seconds. */
const PENDING_SECONDS = 10;

/** Stands for the host itself where a login's digest would be. */
export const HOST: Buffer = Buffer.alloc(0);

/** A breaker by its key; `address` and `account` are for people. */
export interface Named {
  targetKey: Buffer;
  /** Digest of the admin's login; `HOST` for the host. */
  credential: Buffer;
  address: string;
  account: string;
}

/** A breaker that is open, or a host that has failed lately. */
export interface Trouble extends Named {
  failures: number;
  isOpen: boolean;
  errorClass: string | null;
  error: string | null;
  /** Milliseconds until the next probe may be taken; 0 or less when it may. */
  probeInMs: number | null;
}

const seconds = (count: number): RawBuilder<unknown> => sql`make_interval(secs => ${count})`;
const younger = (column: string, age: number): RawBuilder<unknown> =>
  sql`array(select t from unnest(targets.${sql.raw(column)}) as t where t > lease_now() - ${seconds(age)})`;

/** All that is in trouble; empty nearly always. */
export async function troubled(db: Db): Promise<Trouble[]> {
  const { rows } = await sql<Trouble>`
    select target_key as "targetKey", credential, address, account, failures, opened_at is not null as "isOpen",
      error_class as "errorClass", error,
      (extract(epoch from probe_at - lease_now()) * 1000)::float8 as "probeInMs"
    from targets where opened_at is not null or failures > 0`.execute(db.sql);
  return rows;
}

/** How many breakers are open. */
export async function countOpen(db: Db): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*)::int as open from targets where opened_at is not null`.execute(db.sql);
  return rows[0]!.open;
}

/** Takes the next probe of a host whose breaker is open. @returns whether this caller has it, or it is not open at all */
export async function takeProbe(db: Db, targetKey: Buffer): Promise<boolean> {
  const { rows } = await sql<{ taken: boolean }>`
    with host as (select opened_at from targets where target_key = ${targetKey} and credential = ${HOST}),
    probe as (
      update targets set probe_at = lease_now() + ${seconds(PROBE_SECONDS)}, touched_at = lease_now()
      where target_key = ${targetKey} and credential = ${HOST} and probe_at <= lease_now() returning 1)
    select exists (select from probe) or not exists (select from host where opened_at is not null) as taken`.execute(
    db.sql,
  );
  return rows[0]!.taken;
}

/** A call got no answer. @returns whether this one opened the breaker */
export async function unreachable(tx: Tx, host: Omit<Named, "credential">, error: string): Promise<boolean> {
  const { rows } = await sql<{ opened: boolean }>`
    insert into targets (target_key, credential, address, failures, error_class, error)
    values (${host.targetKey}, ${HOST}, ${host.address}, 1, 'unreachable', ${error})
    on conflict (target_key, credential) do update set
      failures = targets.failures + 1, error_class = 'unreachable', error = excluded.error, touched_at = lease_now(),
      opened_at = coalesce(targets.opened_at, case when targets.failures + 1 >= ${OPENS_AT} then lease_now() end),
      probe_at = coalesce(targets.probe_at,
        case when targets.failures + 1 >= ${OPENS_AT} then lease_now() + ${seconds(PROBE_SECONDS)} end)
    returning failures = ${OPENS_AT} as opened`.execute(tx.sql);
  return rows[0]!.opened;
}

/** A call got an answer. @returns whether the breaker was open */
export function reached(tx: Tx, targetKey: Buffer): Promise<boolean> {
  return close(tx, { targetKey, credential: HOST });
}

/** A place among the logins that may be under way or have been refused lately. */
export type Place = { granted: string } | { refused: { error: string | null; waitMs: number } };

/** Asks to try a login. One that was refused is tried again when its probe is due, never more often than is allowed. */
export async function reserveLogin(db: Db, login: Named): Promise<Place> {
  const { rows } = await sql<{ at: string }>`
    insert into targets (target_key, credential, address, account, pending_logins)
    values (${login.targetKey}, ${login.credential}, ${login.address}, ${login.account}, array[clock_timestamp()])
    on conflict (target_key, credential) do update set
      pending_logins = ${younger("pending_logins", PENDING_SECONDS)} || clock_timestamp(),
      probe_at = case when targets.opened_at is null then null else lease_now() + ${seconds(LOGIN_PROBE_SECONDS)} end,
      touched_at = lease_now()
    where cardinality(${younger("pending_logins", PENDING_SECONDS)})
        + cardinality(${younger("failed_logins", REFUSED_WITHIN)}) < ${REFUSED_AT_MOST}
      and (targets.opened_at is null or targets.probe_at <= lease_now())
    returning pending_logins[cardinality(pending_logins)]::text as at`.execute(db.sql);
  const at = rows[0]?.at;
  if (at !== undefined) return { granted: at };
  const { rows: found } = await sql<{ error: string | null; waitMs: number | null }>`
    select error, (extract(epoch from greatest(probe_at,
        failed_logins[cardinality(failed_logins) - ${REFUSED_AT_MOST - 1}] + ${seconds(REFUSED_WITHIN)}) - lease_now()) * 1000)::float8
      as "waitMs"
    from targets where target_key = ${login.targetKey} and credential = ${login.credential}`.execute(db.sql);
  // Without a time others are just trying: their end is soon.
  return { refused: { error: found[0]?.error ?? null, waitMs: Math.max(100, found[0]?.waitMs ?? 100) } };
}

/** The login had another end than a refusal: its place is free again. */
export async function freeLogin(db: Db, login: Named, granted: string): Promise<void> {
  await sql`update targets set pending_logins = array_remove(pending_logins, ${granted}::timestamptz)
    where target_key = ${login.targetKey} and credential = ${login.credential}`.execute(db.sql);
}

/** The login worked. @returns whether its breaker was open */
export async function loginWorked(tx: Tx, login: Named, granted: string): Promise<boolean> {
  await freeLogin(tx, login, granted);
  return close(tx, login);
}

/** The login was refused. @returns whether that opened its breaker */
export async function loginRefused(tx: Tx, login: Named, granted: string, error: string): Promise<boolean> {
  const { rows } = await sql<{ opened: boolean }>`
    with before as (
      select opened_at from targets where target_key = ${login.targetKey} and credential = ${login.credential} for update)
    update targets set
      pending_logins = array_remove(pending_logins, ${granted}::timestamptz),
      failed_logins = ${younger("failed_logins", REFUSED_WITHIN)} || lease_now(),
      error_class = 'auth', error = ${error}, opened_at = coalesce(targets.opened_at, lease_now()),
      probe_at = lease_now() + ${seconds(LOGIN_PROBE_SECONDS)}, touched_at = lease_now()
    from before where target_key = ${login.targetKey} and credential = ${login.credential}
    returning before.opened_at is null as opened`.execute(tx.sql);
  return rows[0]?.opened ?? false;
}

async function close(tx: Tx, which: Pick<Named, "targetKey" | "credential">): Promise<boolean> {
  const { rows } = await sql<{ was: boolean }>`
    with before as (
      select opened_at from targets where target_key = ${which.targetKey} and credential = ${which.credential}
        and (opened_at is not null or failures > 0) for update)
    update targets set failures = 0, error_class = null, error = null, opened_at = null, probe_at = null,
      failed_logins = '{}', touched_at = lease_now()
    from before where target_key = ${which.targetKey} and credential = ${which.credential}
    returning before.opened_at is not null as was`.execute(tx.sql);
  return rows[0]?.was ?? false;
}

/** A login that nobody uses any more is forgotten. @returns whether its breaker was open */
export async function forgetLogin(tx: Tx, targetKey: Buffer, credential: Buffer): Promise<boolean> {
  const { rows } = await sql<{ was: boolean }>`
    delete from targets where target_key = ${targetKey} and credential = ${credential}
    returning opened_at is not null as was`.execute(tx.sql);
  return rows[0]?.was ?? false;
}

/** Forgets what nobody has called for a day. */
export async function forgetUnused(tx: Tx): Promise<void> {
  await sql`delete from targets where touched_at < lease_now() - interval '1 day'`.execute(tx.sql);
}
