/**
 * Accounts left behind: leases that somebody let go of by force although their account could not be proven gone. They are
 * ended on and on like any other, but nothing waits for them, and people can look through their list.
 */
import { type RawBuilder, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { heldBelow } from "./dynamic-secrets.ts";

/** A forced deletion that has not got through to a target after this many seconds lets go of its accounts there. */
const PATIENCE_SECONDS = 60;

/** Enough to find the account, and to say whose it was. */
export interface LeftBehind {
  id: string;
  project_id: string;
  dynamic_secret_id: string;
  dynamic_secret_name: string;
  type: string;
  username: string;
  /** Host and port of the target. */
  address: string;
  error: string | null;
}

/** Marks one lease that is being ended. Nothing happens to one that is gone, or marked already. */
export function mark(tx: Tx, leaseId: string): Promise<LeftBehind[]> {
  return markWhere(tx, sql<boolean>`l.id = ${leaseId}`);
}

/**
 * Marks of these dynamic secrets, which have been deleted, the leases that an attempt could not end, and all on a target
 * that cannot be reached or does not let us in; what is only waiting for its turn gets it first.
 */
export function markHopeless(tx: Tx, dynamicSecretIds: string[]): Promise<LeftBehind[]> {
  const ofThese = sql<boolean>`l.dynamic_secret_id = any(${dynamicSecretIds}::uuid[])`;
  return markWhere(tx, sql<boolean>`${ofThese} and ${hopeless(dynamicSecretIds)}`);
}

/** Whether the lease `l` of one of these dynamic secrets, `d`, will not end soon. */
function hopeless(dynamicSecretIds: string[]): RawBuilder<boolean> {
  return sql<boolean>`(
    l.error is not null or d.forced_at < lease_now() - make_interval(secs => ${PATIENCE_SECONDS})
    or l.target_key in (
      select o.target_key from leases o where o.dynamic_secret_id = any(${dynamicSecretIds}::uuid[])
        and o.state <> 'gone' and o.error_class in ('unreachable', 'auth'))
    or exists (
      select 1 from targets t where t.target_key = l.target_key and t.credential = '' and t.opened_at is not null))`;
}

async function markWhere(tx: Tx, which: RawBuilder<boolean>): Promise<LeftBehind[]> {
  // The fence number stays: an attempt that runs is not disturbed.
  const { rows } = await sql<LeftBehind>`
    with picked as (
      select l.id, d.name, d.type from leases l join dynamic_secrets d on d.id = l.dynamic_secret_id
      where l.state = 'revoking' and l.left_behind_at is null and ${which} order by l.id for update of l)
    update leases l set left_behind_at = lease_now()
    from picked, config_versions c
    where l.id = picked.id and c.dynamic_secret_id = l.dynamic_secret_id and c.version = l.config_version
    returning l.id, l.project_id, l.dynamic_secret_id, picked.name as dynamic_secret_name, picked.type, l.username,
      c.address, l.error`.execute(tx.sql);
  return rows;
}

/** How it stands with the leases of deleted dynamic secrets that nobody has let go of. */
export interface Standing {
  /** Not proven gone. */
  ending: number;
  /** Of these, how many may still end within moments. */
  hopeful: number;
}

/** Counts them. */
export async function standing(db: Db, dynamicSecretIds: string[]): Promise<Standing> {
  const { rows } = await sql<Standing>`
    select count(*)::int as ending, (count(*) filter (where ${hopeless(dynamicSecretIds)} is not true))::int as hopeful
    from leases l join dynamic_secrets d on d.id = l.dynamic_secret_id
    where l.dynamic_secret_id = any(${dynamicSecretIds}::uuid[]) and l.state <> 'gone' and l.left_behind_at is null`.execute(
    db.sql,
  );
  return rows[0]!;
}

/** What is left behind of these dynamic secrets: the first `most`, and how many there are in all. */
export async function ofSecrets(
  db: Db,
  dynamicSecretIds: string[],
  most: number,
): Promise<{ rows: LeftBehind[]; count: number }> {
  const rows = await listed(db, sql<boolean>`l.dynamic_secret_id = any(${dynamicSecretIds}::uuid[])`, most);
  return { rows, count: rows[0]?.count ?? 0 };
}

/** One lease, if it is left behind. */
export async function ofLease(db: Db, leaseId: string): Promise<LeftBehind | undefined> {
  return (await listed(db, sql<boolean>`l.id = ${leaseId}`, 1))[0];
}

async function listed(db: Db, which: RawBuilder<boolean>, most: number): Promise<(LeftBehind & { count: number })[]> {
  const { rows } = await sql<LeftBehind & { count: number }>`
    select l.id, l.project_id, l.dynamic_secret_id, d.name as dynamic_secret_name, d.type, l.username, c.address, l.error,
      (count(*) over ())::int as count
    from leases l join dynamic_secrets d on d.id = l.dynamic_secret_id
      join config_versions c on c.dynamic_secret_id = l.dynamic_secret_id and c.version = l.config_version
    where ${which} and l.state <> 'gone' and l.left_behind_at is not null
    order by l.created_at, l.id limit ${most}`.execute(db.sql);
  return rows;
}

/** Dynamic secrets deleted by force of which a lease has neither ended nor been let go of. */
export async function forcedAndHeld(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select d.id from dynamic_secrets d where d.forced_at is not null and d.folder_id is not null and ${heldBelow}`.execute(
    db.sql,
  );
  return rows.map((row) => row.id);
}
