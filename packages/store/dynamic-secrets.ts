/** Dynamic secrets: a configured target plus TTLs, under a folder. What a lease needs to end is in `config-versions.ts`. */
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { Moved, NotFound } from "./errors.ts";
import * as folders from "./folders.ts";
import type { DynamicSecretsTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type DynamicSecret = Selectable<DynamicSecretsTable>;

/** Columns that an edit may change. */
export interface DynamicSecretChange {
  name?: string;
  default_ttl?: string;
  default_ttl_seconds?: number;
  max_ttl?: string | null;
  max_ttl_seconds?: number | null;
  username_template?: string | null;
  metadata?: { key: string; value: string }[];
  config_version?: number;
}

const taken = { duplicate: "Provided dynamic secret already exists under the folder" };

/** @throws Duplicate when a live one of that name is in the folder, NotFound when the folder has gone meanwhile */
export async function insert(
  tx: Tx,
  row: Omit<
    DynamicSecret,
    | "version"
    | "config_version"
    | "deleting"
    | "was_at"
    | "forced_at"
    | "frozen"
    | "project_frozen"
    | "created_at"
    | "updated_at"
  > & { folder_id: string; project_frozen?: boolean },
): Promise<DynamicSecret> {
  await folders.hold(tx, row.folder_id);
  const insertion = tx.sql
    .insertInto("dynamic_secrets")
    .values({ ...row, metadata: JSON.stringify(row.metadata) })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insertion, taken);
}

/** The live one of that name. @throws NotFound */
export async function named(db: Db, folderId: string, name: string): Promise<DynamicSecret> {
  const row = await db.sql
    .selectFrom("dynamic_secrets")
    .selectAll()
    .where("folder_id", "=", folderId)
    .where("name", "=", name.toLowerCase())
    .where("deleting", "=", sql.lit(false))
    .executeTakeFirst();
  if (!row) throw new NotFound("dynamic secret", name);
  return row;
}

/** The live one of that name at a place, by slug and canonical path; undefined when any part of it is not there. */
export function at(
  db: Db,
  place: { projectId: string; environment: string; path: string },
  name: string,
): Promise<DynamicSecret | undefined> {
  return db.sql
    .selectFrom("environments as e")
    .innerJoin("folders as f", "f.environment_id", "e.id")
    .innerJoin("dynamic_secrets as d", "d.folder_id", "f.id")
    .selectAll("d")
    .where("e.project_id", "=", place.projectId)
    .where("e.slug", "=", place.environment)
    .where("e.deleting", "=", sql.lit(false))
    .where("f.path", "=", place.path)
    .where("f.deleting", "=", sql.lit(false))
    .where("d.name", "=", name.toLowerCase())
    .where("d.deleting", "=", sql.lit(false))
    .executeTakeFirst();
}

/**
 * That of a lease, if it lies at the place. A deleted one is where it was: its leases are asked for there until they are gone.
 */
export async function ofLease(
  db: Db,
  place: { projectId: string; environment: string; path: string },
  leaseId: string,
): Promise<DynamicSecret | undefined> {
  const { rows } = await sql<DynamicSecret>`
    select d.* from leases l join dynamic_secrets d on d.id = l.dynamic_secret_id
      left join folders f on f.id = d.folder_id and not f.deleting
      left join environments e on e.id = f.environment_id and not e.deleting
    where l.id = ${leaseId} and l.project_id = ${place.projectId} and case when d.deleting
      then d.was_at is null or (d.was_at ->> 'environment' = ${place.environment} and d.was_at ->> 'path' = ${place.path})
      else e.slug = ${place.environment} and f.path = ${place.path} end`.execute(db.sql);
  return rows[0];
}

/** By id, also one that is being deleted. @throws NotFound */
export async function byId(db: Db, id: string): Promise<DynamicSecret> {
  const row = await db.sql.selectFrom("dynamic_secrets").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) throw new NotFound("dynamic secret", id);
  return row;
}

/** The live ones on targets of these addresses, and where they are. */
export async function onTargets(
  db: Db,
  addresses: string[],
): Promise<
  (Pick<DynamicSecret, "project_id" | "name" | "metadata"> & { address: string; environment: string; path: string })[]
> {
  return db.sql
    .selectFrom("dynamic_secrets as d")
    .innerJoin("config_versions as c", (on) =>
      on.onRef("c.dynamic_secret_id", "=", "d.id").onRef("c.version", "=", "d.config_version"),
    )
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .innerJoin("folders as f", "f.id", "d.folder_id")
    .select(["c.address", "d.project_id", "e.slug as environment", "f.path", "d.name", "d.metadata"])
    .where("c.address", "in", addresses)
    .where("d.deleting", "=", sql.lit(false))
    .execute();
}

/** The live ones of a folder, by name. */
export function inFolder(db: Db, folderId: string): Promise<DynamicSecret[]> {
  return db.sql
    .selectFrom("dynamic_secrets")
    .selectAll()
    .where("folder_id", "=", folderId)
    .where("deleting", "=", sql.lit(false))
    .orderBy("name")
    .execute();
}

/** @throws Duplicate, NotFound, Moved (another edit came first: `version` is not the one that was read) */
export async function change(
  tx: Tx,
  id: string,
  version: number,
  changes: DynamicSecretChange,
): Promise<DynamicSecret> {
  const { metadata, ...rest } = changes;
  const update = tx.sql
    .updateTable("dynamic_secrets")
    .set((eb) => ({
      ...rest,
      ...(metadata === undefined ? {} : { metadata: JSON.stringify(metadata) }),
      version: eb("version", "+", 1),
      updated_at: eb.fn<Date>("lease_now"),
    }))
    .where("id", "=", id)
    .where("version", "=", version)
    .where("deleting", "=", sql.lit(false))
    .returningAll()
    .executeTakeFirst();
  const row = await refusing(update, taken);
  if (row) return row;
  const { name, deleting } = await byId(tx, id);
  if (deleting) throw new NotFound("dynamic secret", name);
  throw new Moved(`another change of the dynamic secret '${name}' came first: read it and try again`);
}

/**
 * A deleted one lets go of its folder when its last account is gone, or left behind in its target by force; else nothing
 * changes. @returns whether it did so now
 */
export async function letGo(db: Db, id: string): Promise<boolean> {
  const freed = await sql`
    update dynamic_secrets d set folder_id = null, environment_id = null
    where d.id = ${id} and d.deleting and d.folder_id is not null and not ${heldBelow}`.execute(db.sql);
  return (freed.numAffectedRows ?? 0n) > 0n;
}

/** Whether the dynamic secret `d` of a query has an account that keeps what is above it from going. */
export const heldBelow = sql<boolean>`exists (
  select 1 from leases l where l.dynamic_secret_id = d.id and l.state <> 'gone' and l.left_behind_at is null)`;
