/** Versions of a dynamic secret's configuration. Rows are never changed: a lease ends with the one it was made with. */
import type { Selectable } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { Field } from "./sealing.ts";
import type { ConfigVersionsTable } from "./tables.ts";

/** With its inputs opened. */
export interface ConfigVersion extends Omit<Selectable<ConfigVersionsTable>, "inputs"> {
  inputs: Record<string, unknown>;
}

function field(projectId: string, dynamicSecretId: string, version: number): Field {
  return { table: "config_versions", column: "inputs", row: `${dynamicSecretId}:${version}`, project: projectId };
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
  },
): Promise<void> {
  const inputs = await tx.keys.seal(field(projectId, row.dynamic_secret_id, row.version), JSON.stringify(row.inputs));
  await tx.sql
    .insertInto("config_versions")
    .values({ ...row, inputs, advice: null })
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
  return { ...row, inputs: JSON.parse(inputs.toString("utf8")) as Record<string, unknown> };
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
