/**
 * The row types of every table, as `migrations/` makes them. Kept in one leaf file so that the table files can use each
 * other's names in types without importing each other.
 */
import type { ColumnType, Generated } from "kysely";
import type { MembershipsTable, RolesTable, TagsTable } from "./access-tables.ts";
import type {
  AccessTokensTable,
  ClientSecretsTable,
  IdentitiesTable,
  LoginAttemptsTable,
  OrganizationsTable,
  UniversalAuthsTable,
  UserLinksTable,
  UserSessionsTable,
  UsersTable,
} from "./actor-tables.ts";
import type { DefaultJson, DefaultTime, Json } from "./columns.ts";
import type { BulkRevocationLeasesTable, BulkRevocationsTable, FrozenColumn } from "./incident-tables.ts";
import type {
  SecretImportsTable,
  SecretOverridesTable,
  SecretsTable,
  SecretTagsTable,
  SecretVersionsTable,
} from "./secret-tables.ts";

export type * from "./access-tables.ts";
export type * from "./actor-tables.ts";
export type { DefaultJson, DefaultTime, Json } from "./columns.ts";

export interface KeysTable {
  id: Generated<number>;
  purpose: "instance" | "organization" | "project";
  owner_id: string | null;
  wrapped: Buffer;
  created_at: DefaultTime;
}

export interface SentinelTable {
  one: Generated<boolean>;
  instance_id: string;
  sealed: Buffer;
}

export interface ProjectsTable {
  id: string;
  organization_id: string;
  name: string;
  slug: string;
  type: Generated<string>;
  description: string | null;
  has_delete_protection: Generated<boolean>;
  audit_logs_retention_days: Generated<number | null>;
  /** Asked for as a literal and not as a parameter, here and below: else a prepared statement cannot use the partial index. */
  deleting: Generated<boolean>;
  frozen: FrozenColumn;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface EnvironmentsTable {
  id: string;
  project_id: string;
  name: string;
  slug: string;
  position: number;
  deleting: Generated<boolean>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface FoldersTable {
  id: string;
  project_id: string;
  environment_id: string;
  parent_id: string | null;
  name: string;
  path: string;
  description: Generated<string>;
  version: Generated<number>;
  deleting: Generated<boolean>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface DynamicSecretsTable {
  id: string;
  project_id: string;
  /** Null once it is deleted and its last account is gone. */
  environment_id: string | null;
  folder_id: string | null;
  name: string;
  type: string;
  version: Generated<number>;
  config_version: Generated<number>;
  default_ttl: string;
  default_ttl_seconds: number;
  max_ttl: string | null;
  max_ttl_seconds: number | null;
  username_template: string | null;
  metadata: DefaultJson<{ key: string; value: string }[]>;
  deleting: Generated<boolean>;
  /** Where it was when it was deleted: slugs of project and environment, and the path. */
  was_at: ColumnType<{ project: string; environment: string; path: string } | null, undefined, never>;
  /** When it was deleted by force. */
  forced_at: Date | null;
  frozen: FrozenColumn;
  /** Whether its project is frozen. */
  project_frozen: Generated<boolean>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface ConfigVersionsTable {
  dynamic_secret_id: string;
  version: number;
  target_key: Buffer;
  address: string;
  inputs: Buffer;
  advice: string | null;
  resolved: Buffer | null;
  created_at: DefaultTime;
}

export interface CountersTable {
  scope: string;
  live: Generated<number>;
}

/** The life of a lease, in order; nothing goes back. */
export const leaseStates = ["intended", "active", "revoking", "gone"] as const;
export type LeaseState = (typeof leaseStates)[number];

/** Why a lease ended. */
export const leaseReasons = [
  "expired",
  "asked",
  "create-failed",
  "client-left",
  "missed-beat",
  "replaced",
  "cascade",
  "bulk",
  "found-gone",
] as const;
export type LeaseReason = (typeof leaseReasons)[number];

/** How it is known that an account is gone. */
export interface Proof {
  how: "looked-up" | "never-sent" | "refused-outright" | "name-taken";
  at: string;
  node: string;
}

export interface LeasesTable {
  id: string;
  project_id: string;
  dynamic_secret_id: string;
  config_version: number;
  target_key: Buffer;
  username: string;
  lease_config: DefaultJson<Record<string, unknown>>;
  keep: Buffer | null;
  created_at: DefaultTime;
  updated_at: DefaultTime;
  revoking_at: Date | null;
  answer_by: Date;
  late_until: Date;
  join_at: Date | null;
  expires_at: Date;
  native_until: Date | null;
  /** The end it has if the renewal that is under way comes to nothing; null when none is. */
  renew_from: Date | null;
  /** Until when no other renewal may begin; null when one may. */
  renew_by: Date | null;
  beat_every: number | null;
  beat_by: Date | null;
  state: LeaseState;
  fence_no: number;
  due_at: Date | null;
  attempts: number;
  error_class: string | null;
  error: string | null;
  attention_at: Date | null;
  fenced_at: Date | null;
  sessions_killed: number;
  reason: LeaseReason | null;
  ended_by: string | null;
  gone_at: Date | null;
  proof: Json<Proof> | null;
  left_behind_at: Date | null;
  actor_type: "identity" | "user" | "system";
  actor_id: string;
  actor_name: string;
  source_ip: string | null;
  user_agent: string | null;
  purpose: string | null;
  ticket: string | null;
  labels: DefaultJson<Record<string, string>>;
  rehearsal: boolean;
  replaces: string | null;
  replaced_by: string | null;
}

export interface IdempotencyKeysTable {
  digest: Buffer;
  body: Buffer;
  lease_id: string;
  renewed_until: Date | null;
  used_at: DefaultTime;
}

export interface AuditEventsTable {
  id: string;
  txid: Generated<string>;
  body: string;
  mac: Buffer;
}

export interface AuditLinksTable {
  sequence: string;
  event_id: string;
  link: Buffer;
}

export interface WritersTable {
  name: string;
  holder: string;
  fence_no: Generated<string>;
  until: Date;
}

export interface TargetsTable {
  target_key: Buffer;
  credential: Buffer;
  address: string;
  account: string;
  failures: number;
  pending_logins: Date[];
  failed_logins: Date[];
  error_class: string | null;
  error: string | null;
  opened_at: Date | null;
  probe_at: Date | null;
  touched_at: DefaultTime;
}

/** What people are told of. `lease.attention`: a revocation is overdue by five minutes. */
export const alertKinds = ["lease.attention", "lease.left-behind", "target.down", "target.up"] as const;
export type AlertKind = (typeof alertKinds)[number];

/** What an alert may say. Times are ISO 8601. */
export interface AlertFacts {
  lease?: {
    id: string;
    projectId: string;
    dynamicSecretId: string;
    /** The account's name in the target. */
    account: string;
    expiresAt?: string;
    revokingSince?: string;
  };
  /** Leases of that target that it stands for, the named one included. */
  count?: number;
  /** Host and port; and, where it is about an admin's login there, its name. */
  target?: { address: string; account?: string };
  errorClass?: string;
  /** Cleaned: never a driver's own text. */
  reason?: string;
}

export interface AlertsTable {
  id: string;
  kind: AlertKind;
  raised_at: DefaultTime;
  facts: Json<AlertFacts>;
  due_at: DefaultTime;
  attempts: Generated<number>;
  fence_no: Generated<number>;
}

/** Every table by its name in the database. */
export interface Tables {
  keys: KeysTable;
  sentinel: SentinelTable;
  organizations: OrganizationsTable;
  users: UsersTable;
  user_sessions: UserSessionsTable;
  user_links: UserLinksTable;
  identities: IdentitiesTable;
  universal_auths: UniversalAuthsTable;
  client_secrets: ClientSecretsTable;
  access_tokens: AccessTokensTable;
  login_attempts: LoginAttemptsTable;
  projects: ProjectsTable;
  memberships: MembershipsTable;
  roles: RolesTable;
  tags: TagsTable;
  environments: EnvironmentsTable;
  folders: FoldersTable;
  secrets: SecretsTable;
  secret_versions: SecretVersionsTable;
  secret_overrides: SecretOverridesTable;
  secret_imports: SecretImportsTable;
  secret_tags: SecretTagsTable;
  dynamic_secrets: DynamicSecretsTable;
  config_versions: ConfigVersionsTable;
  counters: CountersTable;
  leases: LeasesTable;
  bulk_revocations: BulkRevocationsTable;
  bulk_revocation_leases: BulkRevocationLeasesTable;
  idempotency_keys: IdempotencyKeysTable;
  audit_events: AuditEventsTable;
  audit_links: AuditLinksTable;
  writers: WritersTable;
  targets: TargetsTable;
  alerts: AlertsTable;
}
