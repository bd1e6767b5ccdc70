/** Sessions of people: one row a sign-in, looked up by its token's digest at every request, so that an ended one is over at once. */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Caller, Db, Tx } from "./db.ts";
import type { OrgRole, UserSessionsTable } from "./tables.ts";

export type UserSession = Omit<Selectable<UserSessionsTable>, "digest">;

/** Whose session a token is. */
export interface SessionHolder {
  sessionId: string;
  userId: string;
  email: string;
  orgRole: OrgRole;
}

/**
 * Begins a session of that many seconds; undefined when the person has gone, was disabled or has another password since the
 * one that was looked at.
 */
export async function begin(
  tx: Tx,
  session: { user: { id: string; password_hash: string | null }; digest: Buffer; seconds: number },
  from: Pick<Caller, "ip" | "userAgent">,
): Promise<string | undefined> {
  const { user, digest, seconds } = session;
  // Locked, so that whoever ends the sessions of a user also ends this one, or has come before it.
  const still = await tx.sql
    .selectFrom("users")
    .select("id")
    .where("id", "=", user.id)
    .where("password_hash", "=", user.password_hash)
    .where("disabled_at", "is", null)
    .forShare()
    .executeTakeFirst();
  if (still === undefined) return undefined;
  const id = randomUUID();
  await tx.sql
    .insertInto("user_sessions")
    .values({
      id,
      user_id: user.id,
      digest,
      expires_at: sql<Date>`lease_now() + ${seconds} * interval '1 second'`,
      ip: from.ip,
      user_agent: from.userAgent,
    })
    .execute();
  await endSurplus(tx, user.id);
  await forgetEnded(tx);
  return id;
}

/** A script that signs in for each of its calls ends its own oldest sessions, and not the database. */
const MOST = 100;

async function endSurplus(tx: Tx, userId: string): Promise<void> {
  await sql`
    delete from user_sessions where id in (
      select id from user_sessions where user_id = ${userId} order by created_at desc, id offset ${sql.lit(MOST)})`.execute(
    tx.sql,
  );
}

/** Each new session takes a few away that ended. */
async function forgetEnded(tx: Tx): Promise<void> {
  await sql`
    delete from user_sessions where id in (
      select id from user_sessions where expires_at < lease_now() order by expires_at limit 5
      for update skip locked)`.execute(tx.sql);
}

/** Whose session this is; undefined when it is unknown, over, or its user is disabled. Notes its use once a minute. */
export async function bearer(db: Db, digest: Buffer): Promise<SessionHolder | undefined> {
  const row = await db.sql
    .selectFrom("user_sessions as s")
    .innerJoin("users as u", "u.id", "s.user_id")
    .select(["s.id", "u.id as userId", "u.email", "u.org_role"])
    .select(sql<boolean>`s.last_used_at < lease_now() - interval '1 minute'`.as("isStale"))
    .where("s.digest", "=", digest)
    .where("s.expires_at", ">", sql<Date>`lease_now()`)
    .where("u.disabled_at", "is", null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.isStale) {
    await db.sql
      .updateTable("user_sessions")
      .set({ last_used_at: sql<Date>`lease_now()` })
      .where("id", "=", row.id)
      .execute();
  }
  return { sessionId: row.id, userId: row.userId, email: row.email, orgRole: row.org_role };
}

/** When a session ends; undefined when it has. It stays locked until the transaction ends. */
export async function endOf(tx: Tx, sessionId: string): Promise<Date | undefined> {
  const row = await tx.sql
    .selectFrom("user_sessions")
    .select("expires_at")
    .where("id", "=", sessionId)
    .forUpdate()
    .executeTakeFirst();
  return row?.expires_at;
}

/** Gives a session another token in place of its own; its end stays. */
export async function rename(tx: Tx, sessionId: string, digest: Buffer): Promise<void> {
  await tx.sql.updateTable("user_sessions").set({ digest }).where("id", "=", sessionId).execute();
}

/** The sessions of a person that are not over, the last used first. */
export function list(db: Db, userId: string): Promise<UserSession[]> {
  return db.sql
    .selectFrom("user_sessions")
    .select(["id", "user_id", "created_at", "last_used_at", "expires_at", "ip", "user_agent"])
    .where("user_id", "=", userId)
    .where("expires_at", ">", sql<Date>`lease_now()`)
    .orderBy("last_used_at", "desc")
    .orderBy("id")
    .execute();
}

/** Ends one session of a person; false when there is none of that id. */
export async function end(tx: Tx, userId: string, sessionId: string): Promise<boolean> {
  const { numDeletedRows } = await tx.sql
    .deleteFrom("user_sessions")
    .where("user_id", "=", userId)
    .where("id", "=", sessionId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends all sessions of a person, or all but one. @returns how many */
export async function endAll(tx: Tx, userId: string, but?: string): Promise<number> {
  let query = tx.sql.deleteFrom("user_sessions").where("user_id", "=", userId);
  if (but !== undefined) query = query.where("id", "!=", but);
  return Number((await query.executeTakeFirst()).numDeletedRows);
}
