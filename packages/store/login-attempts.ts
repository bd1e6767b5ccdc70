/**
 * Wrong logins, counted per name and per address. Owns the rule that a guesser gets a few tries and then a wait, on all
 * nodes together; it does not know what a right secret is.
 */
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";

/** So many wrong tries within so many seconds bring a wait. */
export interface AttemptRule {
  tries: number;
  withinSeconds: number;
  waitSeconds: number;
}

/** Makes logins under one key take turns until the transaction ends, so that parallel guesses cannot outrun the count. */
export async function takeTurn(tx: Tx, key: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`login:${key}`}, 0))`.execute(tx.sql);
}

/** Seconds that a key still has to wait; 0 when it may try. */
export async function waiting(db: Db, keys: string[]): Promise<number> {
  const row = await db.sql
    .selectFrom("login_attempts")
    .select(sql<number>`ceil(extract(epoch from max(locked_until) - lease_now()))::integer`.as("seconds"))
    .where("key", "in", keys)
    .where("locked_until", ">", sql<Date>`lease_now()`)
    .executeTakeFirst();
  return row?.seconds ?? 0;
}

/** Counts a wrong try, in one statement; rows that nobody waits for are forgotten on the way. */
export async function failed(tx: Tx, key: string, rule: AttemptRule): Promise<void> {
  await sql`
    insert into login_attempts (key) values (${key})
    on conflict (key) do update set
      tries = case when ${isOld(rule)} then 1 else login_attempts.tries + 1 end,
      since = case when ${isOld(rule)} then lease_now() else login_attempts.since end,
      locked_until = case when not ${isOld(rule)} and login_attempts.tries + 1 >= ${rule.tries}
        then lease_now() + ${rule.waitSeconds} * interval '1 second' else login_attempts.locked_until end`.execute(
    tx.sql,
  );
  await sql`
    delete from login_attempts where key in (
      select key from login_attempts
      where since < lease_now() - interval '1 hour' and (locked_until is null or locked_until < lease_now())
      order by since limit 20 for update skip locked)`.execute(tx.sql);
}

/** Takes back a try that was counted before it was known to be right. Tries that were wrong stay counted. */
export async function forgive(tx: Tx, key: string, rule: AttemptRule): Promise<void> {
  await sql`
    update login_attempts set
      tries = greatest(tries - 1, 0),
      locked_until = case when tries - 1 < ${rule.tries} then null else locked_until end
    where key = ${key}`.execute(tx.sql);
}

function isOld(rule: AttemptRule) {
  return sql`(login_attempts.since < lease_now() - ${rule.withinSeconds} * interval '1 second')`;
}
