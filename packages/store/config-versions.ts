/** Versions of a dynamic secret's configuration. Rows are never changed: a lease ends with the one it was made with. */
import type { Selectable } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { Field } from "./sealing.ts";
import type { ConfigVersionsTable } from "./tables.ts";

/** With its inputs opened, and what references among them last led to. */
export interface ConfigVersion extends Omit<Selectable<ConfigVersionsTable>, "inputs" | "resolved"> {
  inputs: Record<string, unknown>;
  resolved: Record<string, string>;
}

function field(
  projectId: string,
  dynamicSecretId: string,
  version: number,
  column: "inputs" | "resolved" = "inputs",
): Field {
  return { table: "config_versions", column, row: `${dynamicSecretId}:${version}`, project: projectId };
}

/** Seals the inputs whole, as they were typed, and stores them. */
export async function insert(
  tx: Tx,
  projectId: string,
  row: {
    dynamic_secret_id: string;
    version: number;
    target_key: Buffer;
    address: string;
    inputs: Record<string, unknown>;
    resolved?: Record<string, string>;
  },
): Promise<void> {
  const { resolved, ...version } = row;
  const inputs = await tx.keys.seal(field(projectId, row.dynamic_secret_id, row.version), JSON.stringify(row.inputs));
  await tx.sql
    .insertInto("config_versions")
    .values({ ...version, inputs, advice: null, resolved: null })
    .execute();
  if (resolved && Object.keys(resolved).length > 0) {
    await keepResolved(tx, projectId, row.dynamic_secret_id, row.version, resolved);
  }
}

/** Keeps what references among the inputs lead to now: it ends accounts where they lead nowhere any more. */
export async function keepResolved(
  db: Db,
  projectId: string,
  dynamicSecretId: string,
  version: number,
  resolved: Record<string, string>,
): Promise<void> {
  const place = field(projectId, dynamicSecretId, version, "resolved");
  await db.sql
    .updateTable("config_versions")
    .set({ resolved: await db.keys.seal(place, JSON.stringify(resolved)) })
    .where("dynamic_secret_id", "=", dynamicSecretId)
    .where("version", "=", version)
    .execute();
}

/** @throws NotFound, SealBroken */
export async function read(
  db: Db,
  projectId: string,
  dynamicSecretId: string,
  version: number,
): Promise<ConfigVersion> {
  const row = await db.sql
    .selectFrom("config_versions")
    .selectAll()
    .where("dynamic_secret_id", "=", dynamicSecretId)
    .where("version", "=", version)
    .executeTakeFirstOrThrow();
  const inputs = await db.keys.open(field(projectId, dynamicSecretId, version), row.inputs);
  const place = field(projectId, dynamicSecretId, version, "resolved");
  const resolved = row.resolved === null ? null : await db.keys.open(place, row.resolved);
  return {
    ...row,
    inputs: JSON.parse(inputs.toString("utf8")) as Record<string, unknown>,
    resolved: resolved === null ? {} : (JSON.parse(resolved.toString("utf8")) as Record<string, string>),
  };
}

/** Host and port of a version, for people; also where its inputs cannot be opened. */
export async function addressOf(db: Db, dynamicSecretId: string, version: number): Promise<string> {
  const row = await db.sql
    .selectFrom("config_versions")
    .select("address")
    .where("dynamic_secret_id", "=", dynamicSecretId)
    .where("version", "=", version)
    .executeTakeFirstOrThrow();
  return row.address;
}

/** What an operator should mend in this version; shown to who edits it. */
export async function advise(tx: Tx, dynamicSecretId: string, version: number, advice: string): Promise<void> {
  await tx.sql
    .updateTable("config_versions")
    .set({ advice })
    .where("dynamic_secret_id", "=", dynamicSecretId)
    .where("version", "=", version)
    .execute();
}
