/** Organizations. A server holds one, made at its first start. */
import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import type { Db, Tx } from "./db.ts";
import type { OrganizationsTable } from "./tables.ts";

export type Organization = Selectable<OrganizationsTable>;

/** Makes an organization. */
export function create(tx: Tx, organization: { name: string; slug: string }): Promise<Organization> {
  return tx.sql
    .insertInto("organizations")
    .values({ id: randomUUID(), ...organization })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** The organization of this server; undefined before the first start has made it. */
export function only(db: Db): Promise<Organization | undefined> {
  return db.sql.selectFrom("organizations").selectAll().orderBy("created_at").limit(1).executeTakeFirst();
}
