/** Addresses that a credential may be used from. PostgreSQL itself compares addresses with ranges. */
import { type RawBuilder, sql } from "kysely";

/** Whether an address is within a column of addresses and ranges; null there is anywhere, an unknown address is nowhere. */
export function isWithin(ip: string | null, column: string): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(column)} is null or ${ip}::inet <<= any (${sql.ref(column)}))`;
}
