/**
 * Static secrets. Values and comments are sealed under the project's key, bound to their row; names are not secret.
 *
 * Rows are found sealed, so that only what is shown is ever opened. What a secret was before is `secret-versions.ts`, a
 * caller's own value for it `secret-overrides.ts`.
 */
import { randomUUID } from "node:crypto";
import type { Insertable, Selectable } from "kysely";
import { CompiledQuery, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import { type Folder, hold } from "./folders.ts";
import { type Home, openTexts, sealComment, sealText } from "./sealed-text.ts";
import type { SecretsTable } from "./secret-tables.ts";
import * as tags from "./secret-tags.ts";
import * as versions from "./secret-versions.ts";
import { refusing } from "./violations.ts";

type Row = Selectable<SecretsTable>;

/** A secret as it lies, with where it lies. */
export interface SealedSecret extends Row {
  /** The environment's slug. */
  environment: string;
  path: string;
  tags: tags.Tag[];
}

/** The same, opened. */
export interface Secret extends Omit<SealedSecret, "value" | "comment"> {
  value: string;
  comment: string;
}

/** Names a secret of a project. */
export interface Spot {
  environment: string;
  path: string;
  key: string;
}

/** What a writer may set; what is left out stays. */
export interface SecretDraft {
  value?: string;
  comment?: string;
  skipMultilineEncoding?: boolean;
  metadata?: { key: string; value: string }[];
  reminderNote?: string | null;
  reminderRepeatDays?: number | null;
  tagIds?: string[];
}

function found(db: Db) {
  return db.sql
    .selectFrom("secrets as s")
    .innerJoin("folders as f", "f.id", "s.folder_id")
    .innerJoin("environments as e", "e.id", "f.environment_id")
    .selectAll("s")
    .select(["e.slug as environment", "f.path as path", tags.tagsOf.as("tags")])
    .where("f.deleting", "=", sql.lit(false))
    .where("e.deleting", "=", sql.lit(false));
}

// The one statement of every single read: written once, since putting it together costs more than sending it.
let statementOfAt: string | undefined;

/** One secret by its place, in one look-up; undefined when any part of the way is missing. */
export async function at(
  db: Db,
  projectId: string,
  { environment, path, key }: Spot,
): Promise<SealedSecret | undefined> {
  statementOfAt ??= found(db)
    .where("e.project_id", "=", projectId)
    .where("e.slug", "=", environment)
    .where("f.path", "=", path)
    .where("s.key", "=", key)
    .compile().sql;
  const statement = CompiledQuery.raw(statementOfAt, [projectId, environment, path, key]);
  return (await db.sql.executeQuery<SealedSecret>(statement)).rows[0];
}

/** Those of these that there are, in no order. */
export function atAll(db: Db, projectId: string, spots: Spot[]): Promise<SealedSecret[]> {
  const part = (name: keyof Spot) => sql`${spots.map((spot) => spot[name])}::text[]`;
  const wanted = sql`select * from unnest(${part("environment")}, ${part("path")}, ${part("key")})`;
  return found(db)
    .where("e.project_id", "=", projectId)
    .where(sql<boolean>`(e.slug, f.path, s.key) in (${wanted})`)
    .execute();
}

/** The secrets of these folders, or those of one name: by path, then by name. */
export function inFolders(db: Db, folderIds: string[], key?: string): Promise<SealedSecret[]> {
  const query = found(db).where(sql<boolean>`s.folder_id = any(${folderIds}::uuid[])`);
  return (key === undefined ? query : query.where("s.key", "=", key)).orderBy("f.path").orderBy("s.key").execute();
}

/** One secret by its id, in whatever project it is; undefined when there is none. */
export function find(db: Db, id: string): Promise<SealedSecret | undefined> {
  return found(db).where("s.id", "=", id).executeTakeFirst();
}

/** Opens a secret; a value that nobody asked for stays closed and is "". @throws SealBroken */
export async function open(db: Db, row: SealedSecret, withValue = true): Promise<Secret> {
  return { ...row, ...(await openTexts(db, home(row), row, withValue)) };
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
  const at = home({ id, project_id: folder.project_id });
  const row = {
    id,
    project_id: folder.project_id,
    environment_id: folder.environment_id,
    folder_id: folder.id,
    key,
    value: await sealText(tx, at, "value", draft.value ?? ""),
    comment: await sealComment(tx, at, draft.comment),
    skip_multiline_encoding: draft.skipMultilineEncoding,
    metadata: draft.metadata && JSON.stringify(draft.metadata),
    reminder_note: draft.reminderNote,
    reminder_repeat_days: draft.reminderRepeatDays,
  } satisfies Insertable<SecretsTable>;
  await refusing(tx.sql.insertInto("secrets").values(row).execute(), {
    duplicate: `a secret '${key}' exists already in ${folder.path}`,
    gone: ["folder", folder.path],
  });
  if (draft.tagIds?.length) await tags.set(tx, row, draft.tagIds);
  return opened(tx, id);
}

/** Changes what is given, counts the version up and keeps what was. */
export async function update(
  tx: Tx,
  folder: Folder,
  key: string,
  change: SecretDraft & { newKey?: string },
): Promise<Secret> {
  const now = await locked(tx, folder, key);
  await versions.keep(tx, now, await openTexts(tx, home(now), now));
  const write = tx.sql
    .updateTable("secrets")
    .set({
      key: change.newKey,
      value: change.value === undefined ? undefined : await sealText(tx, home(now), "value", change.value),
      comment: change.comment === undefined ? undefined : await sealComment(tx, home(now), change.comment),
      skip_multiline_encoding: change.skipMultilineEncoding,
      metadata: change.metadata && JSON.stringify(change.metadata),
      reminder_note: change.reminderNote,
      reminder_repeat_days: change.reminderRepeatDays,
      version: sql<number>`version + 1`,
      updated_at: sql`lease_now()`,
    })
    .where("id", "=", now.id)
    .execute();
  await refusing(write, { duplicate: `a secret '${change.newKey}' exists already in ${folder.path}` });
  if (change.tagIds) await tags.set(tx, now, change.tagIds);
  return opened(tx, now.id);
}

/** Removes a secret with everything that hangs on it, and hands back what it was. */
export async function remove(tx: Tx, folder: Folder, key: string): Promise<Secret> {
  const { id } = await locked(tx, folder, key);
  const secret = await opened(tx, id);
  await tx.sql.deleteFrom("secrets").where("id", "=", id).execute();
  return secret;
}

/** Two changes at once come one after the other: each counts, and each keeps what the one before it wrote. */
async function locked(tx: Tx, folder: Folder, key: string): Promise<Row> {
  const row = await tx.sql
    .selectFrom("secrets")
    .selectAll()
    .where("folder_id", "=", folder.id)
    .where("key", "=", key)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("secret", key);
  return row;
}

async function opened(tx: Tx, id: string): Promise<Secret> {
  const row = await find(tx, id);
  if (row === undefined) throw new NotFound("secret", id);
  return open(tx, row);
}

function home({ id, project_id }: { id: string; project_id: string }): Home {
  return { table: "secrets", row: id, project: project_id };
}
