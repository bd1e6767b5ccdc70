/**
 * What static secrets were before their changes. A row is sealed for its own place: a value copied back from here, or from
 * another version, does not open.
 */
import type { Selectable } from "kysely";
import type { Db, Tx } from "./db.ts";
import { type Home, openTexts, sealComment, sealText } from "./sealed-text.ts";
import type { SecretsTable, SecretVersionsTable } from "./secret-tables.ts";

/** A version that was, opened. */
export interface SecretVersion extends Omit<Selectable<SecretVersionsTable>, "value" | "comment"> {
  value: string;
  comment: string;
}

type Owner = Pick<Selectable<SecretsTable>, "id" | "project_id">;

/** Keeps what a secret is now, before it is changed; the caller holds its row. */
export async function keep(
  tx: Tx,
  secret: Selectable<SecretsTable>,
  texts: { value: string; comment: string },
): Promise<void> {
  const at = home(secret, secret.version);
  await tx.sql
    .insertInto("secret_versions")
    .values({
      secret_id: secret.id,
      version: secret.version,
      key: secret.key,
      value: await sealText(tx, at, "value", texts.value),
      comment: await sealComment(tx, at, texts.comment),
      skip_multiline_encoding: secret.skip_multiline_encoding,
      metadata: JSON.stringify(secret.metadata),
      written_at: secret.updated_at,
    })
    .execute();
}

/** Past versions of a secret, newest first. */
export async function list(
  db: Db,
  secret: Owner,
  { limit, offset, withValue }: { limit: number; offset: number; withValue: boolean },
): Promise<SecretVersion[]> {
  const rows = await db.sql
    .selectFrom("secret_versions")
    .selectAll()
    .where("secret_id", "=", secret.id)
    .orderBy("version", "desc")
    .limit(limit)
    .offset(offset)
    .execute();
  return Promise.all(rows.map((row) => open(db, secret, row, withValue)));
}

/** One past version; undefined when there is none of that number. */
export async function find(
  db: Db,
  secret: Owner,
  version: number,
  withValue: boolean,
): Promise<SecretVersion | undefined> {
  const row = await db.sql
    .selectFrom("secret_versions")
    .selectAll()
    .where("secret_id", "=", secret.id)
    .where("version", "=", version)
    .executeTakeFirst();
  return row && open(db, secret, row, withValue);
}

async function open(
  db: Db,
  secret: Owner,
  row: Selectable<SecretVersionsTable>,
  withValue: boolean,
): Promise<SecretVersion> {
  return { ...row, ...(await openTexts(db, home(secret, row.version), row, withValue)) };
}

function home(secret: Owner, version: number): Home {
  return { table: "secret_versions", row: `${secret.id}:${version}`, project: secret.project_id };
}
