/** People. Their passwords are kept as argon2id hashes, made by the caller. */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { OrgRole, UsersTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type User = Selectable<UsersTable>;

/** Adds a person; an e-mail address is kept in lower case, so that one mailbox is one user. */
export function create(
  tx: Tx,
  user: { email: string; name: string; passwordHash: string; orgRole: OrgRole },
): Promise<User> {
  const email = user.email.trim().toLowerCase();
  const insert = tx.sql
    .insertInto("users")
    .values({ id: randomUUID(), email, name: user.name, password_hash: user.passwordHash, org_role: user.orgRole })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, { duplicate: `there is already a user ${email}` });
}

/** Whether anybody is there: the first start makes the first user, and only then. */
export async function any(db: Db): Promise<boolean> {
  return (await db.sql.selectFrom("users").select("id").limit(1).executeTakeFirst()) !== undefined;
}

/** One person by e-mail address. */
export function byEmail(db: Db, email: string): Promise<User | undefined> {
  return db.sql.selectFrom("users").selectAll().where("email", "=", email.trim().toLowerCase()).executeTakeFirst();
}
