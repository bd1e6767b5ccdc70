/** The row types of what is done in an incident: freezes, and orders to revoke many leases. */
import type { ColumnType, Generated } from "kysely";

/** Who froze something, when (ISO 8601) and why. */
export interface Frozen {
  by: { type: string; id: string | null; name: string };
  at: string;
  reason: string;
}
/** Null where it is not frozen; nothing is made frozen by an insert. */
export type FrozenColumn = ColumnType<Frozen | null, undefined, string | null>;

export interface BulkRevocationsTable {
  id: string;
  project_id: string;
  actor_type: "identity" | "user" | "system" | "anonymous";
  actor_id: string | null;
  actor_name: string;
  request_id: string;
  source_ip: string | null;
  user_agent: string | null;
  reason: string;
  ordered_at: ColumnType<Date, undefined, never>;
  moved_at: Date | null;
}

export interface BulkRevocationLeasesTable {
  revocation_id: string;
  lease_id: string;
  moved: Generated<boolean>;
}
