/** Client secrets: what a machine logs in with. Only a digest is kept, so a stolen database holds nothing to log in with. */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { Db, Tx } from "./db.ts";
import { NotFound } from "./errors.ts";
import type { ClientSecretsTable } from "./tables.ts";
import { refusing } from "./violations.ts";

export type ClientSecret = Omit<Selectable<ClientSecretsTable>, "digest">;

const shown = [
  "id",
  "universal_auth_id",
  "prefix",
  "description",
  "num_uses",
  "num_uses_limit",
  "ttl",
  "revoked",
  "created_at",
  "updated_at",
] as const;

/** Keeps a new client secret's digest; `ttl` (seconds) and the use limit are 0 for none. */
export function create(
  tx: Tx,
  secret: {
    universalAuthId: string;
    digest: Buffer;
    prefix: string;
    description: string;
    numUsesLimit: number;
    ttl: number;
  },
): Promise<ClientSecret> {
  const insert = tx.sql
    .insertInto("client_secrets")
    .values({
      id: randomUUID(),
      universal_auth_id: secret.universalAuthId,
      digest: secret.digest,
      prefix: secret.prefix,
      description: secret.description,
      num_uses_limit: secret.numUsesLimit,
      ttl: secret.ttl,
    })
    .returning(shown)
    .executeTakeFirstOrThrow();
  return refusing(insert, { gone: ["universal auth", secret.universalAuthId] });
}

/**
 * Spends one use of a client secret; undefined when it is wrong, revoked, too old or used up. One UPDATE, so that a use
 * limit holds however many log in at once.
 */
export function use(tx: Tx, universalAuthId: string, digest: Buffer): Promise<ClientSecret | undefined> {
  return tx.sql
    .updateTable("client_secrets")
    .set({ num_uses: sql<number>`num_uses + 1` })
    .where("universal_auth_id", "=", universalAuthId)
    .where("digest", "=", digest)
    .where("revoked", "=", false)
    .where(sql<boolean>`(ttl = 0 or created_at + ttl * interval '1 second' > lease_now())`)
    .where(sql<boolean>`(num_uses_limit = 0 or num_uses < num_uses_limit)`)
    .returning(shown)
    .executeTakeFirst();
}

/** The client secrets of a universal auth, newest first. */
export function list(db: Db, universalAuthId: string): Promise<ClientSecret[]> {
  return db.sql
    .selectFrom("client_secrets")
    .select(shown)
    .where("universal_auth_id", "=", universalAuthId)
    .orderBy("created_at", "desc")
    .orderBy("id")
    .execute();
}

/** One client secret of a universal auth. */
export async function find(db: Db, universalAuthId: string, id: string): Promise<ClientSecret> {
  const row = await db.sql
    .selectFrom("client_secrets")
    .select(shown)
    .where("universal_auth_id", "=", universalAuthId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("client secret", id);
  return row;
}

/** Revokes a client secret, and with it every token it was exchanged for. */
export async function revoke(tx: Tx, universalAuthId: string, id: string): Promise<ClientSecret> {
  const row = await tx.sql
    .updateTable("client_secrets")
    .set({ revoked: true, updated_at: sql<Date>`lease_now()` })
    .where("universal_auth_id", "=", universalAuthId)
    .where("id", "=", id)
    .returning(shown)
    .executeTakeFirst();
  if (row === undefined) throw new NotFound("client secret", id);
  return row;
}
