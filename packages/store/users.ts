/** People. Their passwords are kept as argon2id hashes, made by the caller. */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import type { OrgRole, UsersTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type User = Selectable<UsersTable>;

/** What can be changed of a person. */
export interface UserChange {
  name?: string | undefined;
  orgRole?: OrgRole | undefined;
  disabled?: boolean | undefined;
}

/** An e-mail address as it is kept and looked up: one mailbox is one user. */
export function canonical(email: string): string {
  return email.trim().toLowerCase();
}

/** Adds a person, who cannot sign in while there is no password. */
export function create(
  tx: Tx,
  user: { email: string; name: string; passwordHash: string | null; orgRole: OrgRole },
): Promise<User> {
  const email = canonical(user.email);
  const insert = tx.sql
    .insertInto("users")
    .values({ id: randomUUID(), email, name: user.name, password_hash: user.passwordHash, org_role: user.orgRole })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, { duplicate: `there is already a user ${email}` });
}

/** One person. */
export async function find(db: Db, id: string): Promise<User> {
  const row = await db.sql.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new NotFound("user", id);
  return row;
}

/** The person who has an e-mail address, in any spelling of its letters; undefined for a stranger. */
export function byEmail(db: Db, email: string): Promise<User | undefined> {
  return db.sql.selectFrom("users").selectAll().where("email", "=", canonical(email)).executeTakeFirst();
}

/** Everybody, by e-mail address. */
export function list(db: Db): Promise<User[]> {
  return db.sql.selectFrom("users").selectAll().orderBy("email").execute();
}

/** Changes a person. */
export async function update(tx: Tx, id: string, { name, orgRole, disabled }: UserChange): Promise<User> {
  const row = await tx.sql
    .updateTable("users")
    .set({
      ...(name !== undefined && { name }),
      ...(orgRole !== undefined && { org_role: orgRole }),
      ...(disabled !== undefined && { disabled_at: disabled ? sql<Date>`coalesce(disabled_at, lease_now())` : null }),
      updated_at: sql<Date>`lease_now()`,
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("user", id);
  return row;
}

/** Gives a person another password. */
export async function setPassword(tx: Tx, id: string, passwordHash: string): Promise<void> {
  await tx.sql
    .updateTable("users")
    .set({ password_hash: passwordHash, updated_at: sql<Date>`lease_now()` })
    .where("id", "=", id)
    .execute();
}

/** Removes a person with all sessions and links. */
export async function remove(tx: Tx, id: string): Promise<User> {
  const row = await tx.sql.deleteFrom("users").where("id", "=", id).returningAll().executeTakeFirst();
  if (row === undefined) throw new NotFound("user", id);
  return row;
}

/**
 * Whether somebody else can sign in as an admin. Admins are locked, all in one order, so that of two who take each other
 * away one comes first, and the other is told no.
 */
export async function isOtherAdmin(tx: Tx, id: string): Promise<boolean> {
  const admins = await tx.sql
    .selectFrom("users")
    .select("id")
    .where("org_role", "=", "admin")
    .where("disabled_at", "is", null)
    .where("password_hash", "is not", null)
    .orderBy("id")
    .forUpdate()
    .execute();
  return admins.some((admin) => admin.id !== id);
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
  const wanted = emails.map(canonical);
  return db.sql.selectFrom("users").selectAll().where("email", "in", wanted).execute();
}
