/** People. Their passwords are kept as argon2id hashes, made by the caller. */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { sql } from "kysely";
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

/** Any number that no other advisory lock has. */
const FIRST_USER_LOCK = 7_214_201_605;

/**
 * Whether nobody is here yet. Only one transaction at a time gets past this until it ends, so that of many first starts
 * exactly one makes the first user.
 */
export async function claimFirst(tx: Tx): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(${FIRST_USER_LOCK}::bigint)`.execute(tx.sql);
  return (await tx.sql.selectFrom("users").select("id").limit(1).executeTakeFirst()) === undefined;
}

/** The people with these e-mail addresses, in whatever case they are given. */
export async function byEmails(db: Db, emails: string[]): Promise<User[]> {
  if (emails.length === 0) return [];
  const wanted = emails.map((email) => email.trim().toLowerCase());
  return db.sql.selectFrom("users").selectAll().where("email", "in", wanted).execute();
}
