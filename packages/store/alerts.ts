/**
 * What people are to be told: one row an alert, in the transaction of what it tells of, until it is delivered.
 *
 * Its facts are an allow-list and never hold a secret. A claim is nothing but a `due_at` ahead of now, so an alert is
 * delivered at least once, and twice where a node dies between delivering and saying so: the id is how receivers know it
 * again. After a day it is news no more and goes, delivered or not; what it told of is still in the lease and the metrics.
 */
import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { AlertFacts, AlertKind } from "./tables.ts";

/** Seconds for which a claimed alert is left alone by everybody else. */
const CLAIM_SECONDS = 30;
const LONGEST_REASON = 1_000;

/** Something that people have to know. */
export interface Alert extends AlertFacts {
  kind: AlertKind;
}

/** An alert that whoever has this holds for half a minute. */
export interface ClaimedAlert {
  id: string;
  kind: AlertKind;
  raisedAt: Date;
  facts: AlertFacts;
  fenceNo: number;
  /** This one included. */
  attempts: number;
}

/** Writes it down. It is delivered once the transaction has committed, if there is anybody to deliver it to. */
export async function raise(tx: Tx, { kind, lease, count, target, errorClass, reason }: Alert): Promise<void> {
  // Named one by one: what else an object carries does not get in.
  const facts: AlertFacts = {
    ...(lease && {
      lease: {
        id: lease.id,
        projectId: lease.projectId,
        dynamicSecretId: lease.dynamicSecretId,
        account: lease.account,
        ...(lease.expiresAt !== undefined && { expiresAt: lease.expiresAt }),
        ...(lease.revokingSince !== undefined && { revokingSince: lease.revokingSince }),
      },
    }),
    ...(count !== undefined && { count }),
    ...(target && {
      target: { address: target.address, ...(target.account !== undefined && { account: target.account }) },
    }),
    ...(errorClass !== undefined && { errorClass }),
    ...(reason !== undefined && { reason: reason.slice(0, LONGEST_REASON) }),
  };
  await tx.sql
    .insertInto("alerts")
    .values({ id: randomUUID(), kind, facts: JSON.stringify(facts) })
    .execute();
}

/** Claims what is due, oldest first. */
export async function claim(tx: Tx, most: number): Promise<ClaimedAlert[]> {
  const { rows } = await sql<ClaimedAlert>`
    with picked as (
      select id from alerts where due_at <= lease_now() order by due_at limit ${most} for update skip locked)
    update alerts set
      due_at = lease_now() + make_interval(secs => ${CLAIM_SECONDS}),
      attempts = attempts + 1,
      fence_no = fence_no + 1
    from picked where alerts.id = picked.id
    returning alerts.id, kind, raised_at as "raisedAt", facts, fence_no as "fenceNo", attempts`.execute(tx.sql);
  return rows.sort((a, b) => a.raisedAt.getTime() - b.raisedAt.getTime());
}

/** It was taken by the receiver; nothing is left of it. */
export async function delivered(tx: Tx, id: string): Promise<void> {
  await tx.sql.deleteFrom("alerts").where("id", "=", id).execute();
}

/** It was not taken: the next attempt is due in `delaySeconds`. */
export async function postpone(tx: Tx, id: string, fenceNo: number, delaySeconds: number): Promise<void> {
  await tx.sql
    .updateTable("alerts")
    .set({
      due_at: sql<Date>`lease_now() + make_interval(secs => ${delaySeconds})`,
      fence_no: sql<number>`fence_no + 1`,
    })
    .where("id", "=", id)
    .where("fence_no", "=", fenceNo)
    .execute();
}

/** Drops what is older than a day, some rows at a time. @returns how many went undelivered */
export async function forget(tx: Tx): Promise<number> {
  const dropped = await sql`
    delete from alerts where id in (
      select id from alerts where raised_at < lease_now() - interval '1 day' limit 1000)`.execute(tx.sql);
  return Number(dropped.numAffectedRows ?? 0);
}

/** How many wait for somebody to take them. */
export async function waiting(db: Db): Promise<number> {
  const { count } = await db.sql
    .selectFrom("alerts")
    .select(sql<number>`count(*)::integer`.as("count"))
    .executeTakeFirstOrThrow();
  return count;
}
