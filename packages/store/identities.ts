/** Machine identities, and the universal auth (client id, token lifetimes) that each may log in with. */
import { randomUUID } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import type { IdentitiesTable, OrgRole, UniversalAuthsTable } from "./tables.ts";
import { isWithin } from "./trusted-ips.ts";
import { refusing } from "./violations.ts";

export type Identity = Selectable<IdentitiesTable>;
export type UniversalAuth = Selectable<UniversalAuthsTable>;

/** Lifetimes in seconds; a use limit of 0 is none. */
export interface TokenLimits {
  accessTokenTTL?: number;
  accessTokenMaxTTL?: number;
  accessTokenNumUsesLimit?: number;
  /** Addresses and ranges; null is anywhere. */
  clientSecretTrustedIps?: string[] | null;
  accessTokenTrustedIps?: string[] | null;
}

/** What can be changed of an identity. */
export interface IdentityChange {
  name?: string | undefined;
  orgRole?: OrgRole | undefined;
  hasDeleteProtection?: boolean | undefined;
  metadata?: { key: string; value: string }[] | undefined;
  disabled?: boolean | undefined;
}

/** Makes an identity; it cannot log in until universal auth is attached. */
export function create(tx: Tx, identity: IdentityChange & { name: string; orgRole: OrgRole }): Promise<Identity> {
  const { name, orgRole, hasDeleteProtection, metadata = [] } = identity;
  return tx.sql
    .insertInto("identities")
    .values({
      id: randomUUID(),
      name,
      org_role: orgRole,
      has_delete_protection: hasDeleteProtection,
      metadata: JSON.stringify(metadata),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** One identity. */
export async function find(db: Db, id: string): Promise<Identity> {
  const row = await db.sql.selectFrom("identities").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new NotFound("identity", id);
  return row;
}

/** Every identity, by name, and which of them have universal auth. */
export function list(db: Db): Promise<(Identity & { has_universal_auth: boolean })[]> {
  return db.sql
    .selectFrom("identities")
    .leftJoin("universal_auths", "universal_auths.identity_id", "identities.id")
    .selectAll("identities")
    .select(sql<boolean>`universal_auths.id is not null`.as("has_universal_auth"))
    .orderBy("identities.name")
    .orderBy("identities.id")
    .execute();
}

/** Changes an identity. */
export async function update(tx: Tx, id: string, change: IdentityChange): Promise<Identity> {
  const { name, orgRole, hasDeleteProtection, metadata, disabled } = change;
  const row = await tx.sql
    .updateTable("identities")
    .set({
      ...(name !== undefined && { name }),
      ...(orgRole !== undefined && { org_role: orgRole }),
      ...(hasDeleteProtection !== undefined && { has_delete_protection: hasDeleteProtection }),
      ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
      ...(disabled !== undefined && { disabled_at: disabled ? sql<Date>`coalesce(disabled_at, lease_now())` : null }),
      updated_at: sql<Date>`lease_now()`,
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("identity", id);
  return row;
}

/** Removes an identity with its client secrets and tokens. */
export async function remove(tx: Tx, id: string): Promise<Identity> {
  const row = await tx.sql.deleteFrom("identities").where("id", "=", id).returningAll().executeTakeFirst();
  if (row === undefined) throw new NotFound("identity", id);
  return row;
}

/** Gives an identity its client id. */
export function attachUniversalAuth(tx: Tx, identityId: string, limits: TokenLimits): Promise<UniversalAuth> {
  const insert = tx.sql
    .insertInto("universal_auths")
    .values({ id: randomUUID(), identity_id: identityId, client_id: randomUUID(), ...columns(limits) })
    .returningAll()
    .executeTakeFirstOrThrow();
  return refusing(insert, { duplicate: "this identity has universal auth already", gone: ["identity", identityId] });
}

/** The universal auth of an identity. */
export async function universalAuth(db: Db, identityId: string): Promise<UniversalAuth> {
  const row = await db.sql
    .selectFrom("universal_auths")
    .selectAll()
    .where("identity_id", "=", identityId)
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("universal auth of identity", identityId);
  return row;
}

/** Whether an identity has universal auth. */
export async function hasUniversalAuth(db: Db, identityId: string): Promise<boolean> {
  const query = db.sql.selectFrom("universal_auths").select("id").where("identity_id", "=", identityId);
  return (await query.executeTakeFirst()) !== undefined;
}

/** Changes lifetimes, limits and addresses; what is left out stays. Tokens that are out keep their lifetimes. */
export async function updateUniversalAuth(tx: Tx, identityId: string, limits: TokenLimits): Promise<UniversalAuth> {
  const row = await tx.sql
    .updateTable("universal_auths")
    .set({ ...columns(limits), updated_at: sql<Date>`lease_now()` })
    .where("identity_id", "=", identityId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("universal auth of identity", identityId);
  return row;
}

/** Takes universal auth away from an identity, with its client secrets and the tokens they were exchanged for. */
export async function detachUniversalAuth(tx: Tx, identityId: string): Promise<UniversalAuth> {
  const row = await tx.sql
    .deleteFrom("universal_auths")
    .where("identity_id", "=", identityId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("universal auth of identity", identityId);
  return row;
}

/**
 * The universal auth that a client id names, with its identity; undefined for a stranger, for who is disabled, and from an
 * address that is not trusted.
 */
export function byClientId(
  db: Db,
  clientId: string,
  ip: string | null,
): Promise<(UniversalAuth & { identity_name: string }) | undefined> {
  return db.sql
    .selectFrom("universal_auths")
    .innerJoin("identities", "identities.id", "universal_auths.identity_id")
    .selectAll("universal_auths")
    .select("identities.name as identity_name")
    .where("universal_auths.client_id", "=", clientId)
    .where("identities.disabled_at", "is", null)
    .where(isWithin(ip, "universal_auths.client_secret_trusted_ips"))
    .executeTakeFirst();
}

function columns(limits: TokenLimits) {
  return {
    access_token_ttl: limits.accessTokenTTL,
    access_token_max_ttl: limits.accessTokenMaxTTL,
    access_token_num_uses_limit: limits.accessTokenNumUsesLimit,
    client_secret_trusted_ips: limits.clientSecretTrustedIps,
    access_token_trusted_ips: limits.accessTokenTrustedIps,
  };
}
