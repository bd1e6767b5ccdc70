/** Access tokens: opaque, looked up by digest at every request, so that a revoked one is refused at once on all nodes. */
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { OrgRole } from "./tables.ts";

/** Whose token it is. */
export interface Bearer {
  identityId: string;
  identityName: string;
  orgRole: OrgRole;
}

/** What a token's holder is told of it. Times in whole seconds. */
export interface TokenLife {
  expiresIn: number;
  maxTTL: number;
}

/** Keeps a new token's digest; it lasts `ttl` seconds and, renewed, never more than `maxTTL` from its making. */
export async function issue(
  tx: Tx,
  token: {
    digest: Buffer;
    identityId: string;
    clientSecretId: string;
    ttl: number;
    maxTTL: number;
    numUsesLimit: number;
  },
): Promise<TokenLife> {
  const seconds = token.maxTTL > 0 ? Math.min(token.ttl, token.maxTTL) : token.ttl;
  await tx.sql
    .insertInto("access_tokens")
    .values({
      digest: token.digest,
      identity_id: token.identityId,
      client_secret_id: token.clientSecretId,
      expires_at: sql<Date>`lease_now() + ${seconds} * interval '1 second'`,
      num_uses_limit: token.numUsesLimit,
    })
    .execute();
  await forgetEnded(tx);
  return { expiresIn: seconds, maxTTL: token.maxTTL };
}

/** Each new token takes a few away that ended more than a day ago, so that the table stays as small as its use. */
async function forgetEnded(tx: Tx): Promise<void> {
  await sql`
    delete from access_tokens where digest in (
      select digest from access_tokens where expires_at < lease_now() - interval '1 day'
      order by expires_at limit 5 for update skip locked)`.execute(tx.sql);
}

/**
 * Whose token this is; undefined when it is unknown, expired, revoked or used up. The one look-up of every request:
 * it joins the identity, and a token with a use limit spends a use in one UPDATE.
 */
export async function bearer(db: Db, digest: Buffer): Promise<Bearer | undefined> {
  const row = await db.sql
    .selectFrom("access_tokens")
    .innerJoin("identities", "identities.id", "access_tokens.identity_id")
    .leftJoin("client_secrets", "client_secrets.id", "access_tokens.client_secret_id")
    .select(["identities.id", "identities.name", "identities.org_role", "access_tokens.num_uses_limit"])
    .where("access_tokens.digest", "=", digest)
    .where("access_tokens.revoked_at", "is", null)
    .where("access_tokens.expires_at", ">", sql<Date>`lease_now()`)
    .where((where) =>
      where.or([where("access_tokens.client_secret_id", "is", null), where("client_secrets.revoked", "=", false)]),
    )
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.num_uses_limit > 0 && !(await spend(db, digest))) return undefined;
  return { identityId: row.id, identityName: row.name, orgRole: row.org_role };
}

async function spend(db: Db, digest: Buffer): Promise<boolean> {
  const spent = await db.sql
    .updateTable("access_tokens")
    .set({ num_uses: sql<number>`num_uses + 1` })
    .where("digest", "=", digest)
    .where(sql<boolean>`num_uses < num_uses_limit`)
    .returning("num_uses")
    .executeTakeFirst();
  return spent !== undefined;
}
