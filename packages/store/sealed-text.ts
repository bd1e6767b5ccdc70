/** Sealed texts of a row: how the tables of static secrets keep a value and a comment. */
import type { Db } from "./db.ts";

/** Which row of which table. */
export interface Home {
  table: "secrets" | "secret_versions" | "secret_overrides";
  row: string;
  project: string;
}

/** Value and comment as a row has them. */
export interface SealedTexts {
  value: Buffer;
  comment: Buffer | null;
}

/** Seals a text for its column. */
export function sealText(db: Db, home: Home, column: "value" | "comment", text: string): Promise<Buffer> {
  return db.keys.seal({ ...home, column }, text);
}

/** As `sealText`; no comment is null. */
export async function sealComment(db: Db, home: Home, text: string | undefined): Promise<Buffer | null> {
  return text ? sealText(db, home, "comment", text) : null;
}

/** Opens both; a value that nobody asked for stays closed and is "". @throws SealBroken */
export async function openTexts(
  db: Db,
  home: Home,
  sealed: SealedTexts,
  withValue = true,
): Promise<{ value: string; comment: string }> {
  const text = async (column: "value" | "comment", bytes: Buffer) =>
    (await db.keys.open({ ...home, column }, bytes)).toString("utf8");
  return {
    value: withValue ? await text("value", sealed.value) : "",
    comment: sealed.comment === null ? "" : await text("comment", sealed.comment),
  };
}
