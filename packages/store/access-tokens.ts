/** Access tokens: opaque, looked up by digest at every request, so that a revoked one is refused at once on all nodes. */
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { OrgRole } from "./tables.ts";
import { isWithin } from "./trusted-ips.ts";

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
      ttl: token.ttl,
      max_ttl: token.maxTTL,
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

/** A token that is good, asked from an address: of an identity that is enabled, by a client secret that is not revoked. */
function good(db: Db, digest: Buffer, ip: string | null) {
  return db.sql
    .selectFrom("access_tokens")
    .innerJoin("identities", "identities.id", "access_tokens.identity_id")
    .leftJoin("client_secrets", "client_secrets.id", "access_tokens.client_secret_id")
    .leftJoin("universal_auths", "universal_auths.id", "client_secrets.universal_auth_id")
    .where("access_tokens.digest", "=", digest)
    .where("access_tokens.revoked_at", "is", null)
    .where("access_tokens.expires_at", ">", sql<Date>`lease_now()`)
    .where("identities.disabled_at", "is", null)
    .where((where) =>
      where.or([where("access_tokens.client_secret_id", "is", null), where("client_secrets.revoked", "=", false)]),
    )
    .where(isWithin(ip, "universal_auths.access_token_trusted_ips"));
}

/**
 * Whose token this is; undefined when it is unknown, expired, revoked, used up or asked from an address that is not
 * trusted. The one look-up of every request: it joins the identity, and where it `spends`, a token
 * with a use limit loses a use in one UPDATE.
 */
export async function bearer(db: Db, digest: Buffer, ip: string | null, spends: boolean): Promise<Bearer | undefined> {
  const row = await good(db, digest, ip)
    .select(["identities.id", "identities.name", "identities.org_role", "access_tokens.num_uses_limit"])
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (spends && row.num_uses_limit > 0 && !(await spend(db, digest))) return undefined;
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

/**
 * Moves a good token's end to a lifetime from now, never past its greatest age and never back; undefined when it is not
 * good. Spends no use.
 */
export async function renew(
  tx: Tx,
  digest: Buffer,
  ip: string | null,
): Promise<(TokenLife & { identityId: string; identityName: string }) | undefined> {
  const found = await good(tx, digest, ip)
    .select(["identities.id", "identities.name"])
    .where(sql<boolean>`(access_tokens.num_uses_limit = 0 or access_tokens.num_uses < access_tokens.num_uses_limit)`)
    .forUpdate("access_tokens")
    .executeTakeFirst();
  if (found === undefined) return undefined;
  const row = await tx.sql
    .updateTable("access_tokens")
    .set({
      expires_at: sql<Date>`greatest(expires_at, least(lease_now() + ttl * interval '1 second',
        created_at + max_ttl * interval '1 second'))`,
    })
    .where("digest", "=", digest)
    .returning(["max_ttl", sql<number>`floor(extract(epoch from expires_at - lease_now()))::integer`.as("left")])
    .executeTakeFirstOrThrow();
  return { expiresIn: row.left, maxTTL: row.max_ttl, identityId: found.id, identityName: found.name };
}

/** Revokes a token, which may have ended already; undefined when there is none. */
export function revoke(tx: Tx, digest: Buffer): Promise<{ id: string; name: string } | undefined> {
  return tx.sql
    .updateTable("access_tokens")
    .from("identities")
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, lease_now())` })
    .whereRef("identities.id", "=", "access_tokens.identity_id")
    .where("digest", "=", digest)
    .returning(["identities.id", "identities.name"])
    .executeTakeFirst();
}
