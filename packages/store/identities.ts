/** Machine identities, and the universal auth (client id, token lifetimes) that each may log in with. */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import type { IdentitiesTable, OrgRole, UniversalAuthsTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type Identity = Selectable<IdentitiesTable>;
export type UniversalAuth = Selectable<UniversalAuthsTable>;

/** Lifetimes in seconds; a use limit of 0 is none. */
export interface TokenLimits {
  accessTokenTTL?: number;
  accessTokenMaxTTL?: number;
  accessTokenNumUsesLimit?: number;
}

/** Makes an identity; it cannot log in until universal auth is attached. */
export function create(tx: Tx, identity: { name: string; orgRole: OrgRole }): Promise<Identity> {
  return tx.sql
    .insertInto("identities")
    .values({ id: randomUUID(), name: identity.name, org_role: identity.orgRole })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** One identity. */
export async function find(db: Db, id: string): Promise<Identity> {
  const row = await db.sql.selectFrom("identities").selectAll().where("id", "=", id).executeTakeFirst();
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

/** The universal auth that a client id names, with its identity; undefined for a stranger. */
export function byClientId(db: Db, clientId: string): Promise<(UniversalAuth & { identity_name: string }) | undefined> {
  return db.sql
    .selectFrom("universal_auths")
    .innerJoin("identities", "identities.id", "universal_auths.identity_id")
    .selectAll("universal_auths")
    .select("identities.name as identity_name")
    .where("universal_auths.client_id", "=", clientId)
    .executeTakeFirst();
}

function columns(limits: TokenLimits) {
  return {
    access_token_ttl: limits.accessTokenTTL,
    access_token_max_ttl: limits.accessTokenMaxTTL,
    access_token_num_uses_limit: limits.accessTokenNumUsesLimit,
  };
}
