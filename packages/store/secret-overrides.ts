/** Personal overrides: one caller's own value in the place of a secret's, seen by nobody else. It goes with the secret. */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import { type Home, openTexts, sealComment, sealText } from "./sealed-text.ts";
import type { SecretOverridesTable } from "./secret-tables.ts";
import { refusing } from "./violations.ts";

type Row = Selectable<SecretOverridesTable>;

/** An override, opened. */
export interface SecretOverride extends Omit<Row, "value" | "comment"> {
  value: string;
  comment: string;
}

/** What of it can be set; what is left out stays. */
export interface OverrideDraft {
  value?: string;
  comment?: string;
  skipMultilineEncoding?: boolean;
}

/** Whose it is, and of which secret. */
export interface Overridden {
  secret: { id: string; project_id: string; key: string };
  /** "identity:<id>" or "user:<id>". */
  owner: string;
}

/** An owner's overrides of these secrets, by the secret's id. */
export async function of(
  db: Db,
  secretIds: string[],
  owner: string,
  withValue: boolean,
): Promise<Map<string, SecretOverride>> {
  const rows = await db.sql
    .selectFrom("secret_overrides")
    .selectAll()
    .where("owner", "=", owner)
    .where(sql<boolean>`secret_id = any(${secretIds}::uuid[])`)
    .execute();
  const opened = await Promise.all(rows.map((row) => open(db, row, withValue)));
  return new Map(opened.map((row) => [row.secret_id, row]));
}

/** Adds one. @throws Duplicate, NotFound */
export async function create(tx: Tx, { secret, owner }: Overridden, draft: OverrideDraft): Promise<SecretOverride> {
  const id = randomUUID();
  const at = home({ id, project_id: secret.project_id });
  const insert = tx.sql
    .insertInto("secret_overrides")
    .values({
      id,
      secret_id: secret.id,
      project_id: secret.project_id,
      owner,
      value: await sealText(tx, at, "value", draft.value ?? ""),
      comment: await sealComment(tx, at, draft.comment),
      skip_multiline_encoding: draft.skipMultilineEncoding,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const row = await refusing(insert, {
    duplicate: `you have a personal override of '${secret.key}' already`,
    gone: ["secret", secret.key],
  });
  return open(tx, row);
}

/** Changes what is given. @throws NotFound */
export async function update(tx: Tx, overridden: Overridden, change: OverrideDraft): Promise<SecretOverride> {
  const now = await locked(tx, overridden);
  const row = await tx.sql
    .updateTable("secret_overrides")
    .set({
      value: change.value === undefined ? undefined : await sealText(tx, home(now), "value", change.value),
      comment: change.comment === undefined ? undefined : await sealComment(tx, home(now), change.comment),
      skip_multiline_encoding: change.skipMultilineEncoding,
      version: sql<number>`version + 1`,
      updated_at: sql`lease_now()`,
    })
    .where("id", "=", now.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return open(tx, row);
}

/** Removes one and hands back what it was. @throws NotFound */
export async function remove(tx: Tx, overridden: Overridden): Promise<SecretOverride> {
  const row = await locked(tx, overridden);
  await tx.sql.deleteFrom("secret_overrides").where("id", "=", row.id).execute();
  return open(tx, row);
}

/** Removes all that an owner has in one project, or in all. */
export async function removeAll(tx: Tx, owner: string, projectId?: string): Promise<void> {
  const query = tx.sql.deleteFrom("secret_overrides").where("owner", "=", owner);
  await (projectId === undefined ? query : query.where("project_id", "=", projectId)).execute();
}

async function locked(tx: Tx, { secret, owner }: Overridden): Promise<Row> {
  const row = await tx.sql
    .selectFrom("secret_overrides")
    .selectAll()
    .where("secret_id", "=", secret.id)
    .where("owner", "=", owner)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("personal override of", secret.key);
  return row;
}

async function open(db: Db, row: Row, withValue = true): Promise<SecretOverride> {
  return { ...row, ...(await openTexts(db, home(row), row, withValue)) };
}

function home({ id, project_id }: { id: string; project_id: string }): Home {
  return { table: "secret_overrides", row: id, project: project_id };
}
