/** One-time links, by which a person sets a password: an invitation, or a reset. Only a digest is kept, and one link a person. */
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { refusing } from "./violations.ts";

/** Keeps a new link's digest for that many days, in place of an older one. @returns its end */
export async function create(tx: Tx, link: { userId: string; digest: Buffer; days: number }): Promise<Date> {
  const fresh = {
    digest: link.digest,
    created_at: sql<Date>`lease_now()`,
    expires_at: sql<Date>`lease_now() + ${link.days} * interval '1 day'`,
  };
  const insert = tx.sql
    .insertInto("user_links")
    .values({ user_id: link.userId, ...fresh })
    .onConflict((conflict) => conflict.column("user_id").doUpdateSet(fresh))
    .returning("expires_at")
    .executeTakeFirstOrThrow();
  return (await refusing(insert, { gone: ["user", link.userId] })).expires_at;
}

/** Whose link this is; undefined when it is unknown, used or too old. */
export async function holder(db: Db, digest: Buffer): Promise<string | undefined> {
  const row = await db.sql
    .selectFrom("user_links")
    .select("user_id")
    .where("digest", "=", digest)
    .where("expires_at", ">", sql<Date>`lease_now()`)
    .executeTakeFirst();
  return row?.user_id;
}

/** Uses a link up, once however many try; false when it is unknown, used or too old. */
export async function use(tx: Tx, digest: Buffer): Promise<boolean> {
  const { numDeletedRows } = await tx.sql
    .deleteFrom("user_links")
    .where("digest", "=", digest)
    .where("expires_at", ">", sql<Date>`lease_now()`)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Takes a person's link back. */
export async function withdraw(tx: Tx, userId: string): Promise<void> {
  await tx.sql.deleteFrom("user_links").where("user_id", "=", userId).execute();
}
