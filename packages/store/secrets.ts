/** Static secrets. Values and comments are sealed under the project's key, bound to their row; names are not secret. */
import { randomUUID } from "node:crypto";
import type { Insertable, Selectable } from "kysely";
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import { type Folder, hold } from "./folders.ts";
import type { SecretsTable } from "./tables.ts";
import { refusing } from "./violations.ts";

type Row = Selectable<SecretsTable>;

/** A secret whose value has been opened. */
export interface Secret extends Omit<Row, "value" | "comment"> {
  value: string;
  comment: string;
}

/** What a writer may set. */
export interface SecretDraft {
  value?: string;
  comment?: string;
  skipMultilineEncoding?: boolean;
  metadata?: { key: string; value: string }[];
}

/** The secrets of one folder, by name. */
export async function list(db: Db, folderId: string): Promise<Secret[]> {
  const rows = await db.sql
    .selectFrom("secrets")
    .selectAll()
    .where("folder_id", "=", folderId)
    .orderBy("key")
    .execute();
  return Promise.all(rows.map((row) => open(db, row)));
}

/** One secret of a folder. */
export async function byKey(db: Db, folderId: string, key: string): Promise<Secret> {
  const row = await db.sql
    .selectFrom("secrets")
    .selectAll()
    .where("folder_id", "=", folderId)
    .where("key", "=", key)
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("secret", key);
  return open(db, row);
}

/** Where a secret is, its value left closed; undefined when there is none. */
export function find(db: Db, id: string): Promise<Omit<Row, "value" | "comment"> | undefined> {
  return db.sql
    .selectFrom("secrets")
    .select(["id", "project_id", "environment_id", "folder_id", "key", "version", "skip_multiline_encoding"])
    .select(["metadata", "created_at", "updated_at"])
    .where("id", "=", id)
    .executeTakeFirst();
}

/** The metadata of the secret of that name at a place; undefined when there is none. */
export function metadataAt(
  db: Db,
  place: { projectId: string; environment: string; path: string },
  key: string,
): Promise<Pick<Row, "metadata"> | undefined> {
  return db.sql
    .selectFrom("environments as e")
    .innerJoin("folders as f", "f.environment_id", "e.id")
    .innerJoin("secrets as s", "s.folder_id", "f.id")
    .select("s.metadata")
    .where("e.project_id", "=", place.projectId)
    .where("e.slug", "=", place.environment)
    .where("e.deleting", "=", sql.lit(false))
    .where("f.path", "=", place.path)
    .where("f.deleting", "=", sql.lit(false))
    .where("s.key", "=", key)
    .executeTakeFirst();
}

/** Adds a secret whose name must be new in its folder. */
export async function create(tx: Tx, folder: Folder, key: string, draft: SecretDraft): Promise<Secret> {
  await hold(tx, folder.id, folder.path);
  const id = randomUUID();
  const row = {
    id,
    project_id: folder.project_id,
    environment_id: folder.environment_id,
    folder_id: folder.id,
    key,
    value: await seal(tx, folder.project_id, id, "value", draft.value ?? ""),
    comment: draft.comment ? await seal(tx, folder.project_id, id, "comment", draft.comment) : null,
    skip_multiline_encoding: draft.skipMultilineEncoding,
    metadata: draft.metadata && JSON.stringify(draft.metadata),
  } satisfies Insertable<SecretsTable>;
  const insert = tx.sql.insertInto("secrets").values(row).returningAll().executeTakeFirstOrThrow();
  const made = await refusing(insert, {
    duplicate: `a secret '${key}' exists already in ${folder.path}`,
    gone: ["folder", folder.path],
  });
  return open(tx, made);
}

/** Changes what is given, counts the version up and leaves the rest. */
export async function update(
  tx: Tx,
  folder: Folder,
  key: string,
  change: SecretDraft & { newKey?: string },
): Promise<Secret> {
  const now = await byKey(tx, folder.id, key);
  const sealed = (column: "value" | "comment", text: string | undefined) =>
    text === undefined ? undefined : seal(tx, now.project_id, now.id, column, text);
  const write = tx.sql
    .updateTable("secrets")
    .set({
      key: change.newKey,
      value: await sealed("value", change.value),
      comment: change.comment === "" ? null : await sealed("comment", change.comment),
      skip_multiline_encoding: change.skipMultilineEncoding,
      metadata: change.metadata && JSON.stringify(change.metadata),
      version: sql<number>`version + 1`,
      updated_at: sql`lease_now()`,
    })
    .where("id", "=", now.id)
    .returningAll()
    .executeTakeFirst();
  const row = await refusing(write, { duplicate: `a secret '${change.newKey}' exists already in ${folder.path}` });
  if (row === undefined) throw new NotFound("secret", key);
  return open(tx, row);
}

/** Removes a secret and hands back what it was. */
export async function remove(tx: Tx, folder: Folder, key: string): Promise<Secret> {
  const row = await tx.sql
    .deleteFrom("secrets")
    .where("folder_id", "=", folder.id)
    .where("key", "=", key)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("secret", key);
  return open(tx, row);
}

async function open(db: Db, row: Row): Promise<Secret> {
  const text = async (column: "value" | "comment", sealed: Buffer) =>
    (await db.keys.open(field(row.project_id, row.id, column), sealed)).toString("utf8");
  return {
    ...row,
    value: await text("value", row.value),
    comment: row.comment === null ? "" : await text("comment", row.comment),
  };
}

function seal(tx: Tx, project: string, row: string, column: "value" | "comment", plain: string): Promise<Buffer> {
  return tx.keys.seal(field(project, row, column), plain);
}

function field(project: string, row: string, column: "value" | "comment") {
  return { table: "secrets", column, row, project };
}
