/** The row types of who may come in: people, machines, and what each signs in with. */
import type { ColumnType, Generated } from "kysely";
import type { DefaultJson, DefaultTime } from "./columns.ts";

export interface OrganizationsTable {
  id: string;
  name: string;
  slug: string;
  created_at: DefaultTime;
}

export type OrgRole = "admin" | "member" | "no-access";

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  /** Null until the first link has been used. */
  password_hash: string | null;
  org_role: OrgRole;
  disabled_at: Date | null;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface UserSessionsTable {
  id: string;
  user_id: string;
  digest: Buffer;
  created_at: DefaultTime;
  last_used_at: DefaultTime;
  expires_at: Date;
  ip: string | null;
  user_agent: string | null;
}

export interface UserLinksTable {
  user_id: string;
  digest: Buffer;
  created_at: DefaultTime;
  expires_at: Date;
}

export interface IdentitiesTable {
  id: string;
  name: string;
  org_role: OrgRole;
  has_delete_protection: Generated<boolean>;
  metadata: DefaultJson<{ key: string; value: string }[]>;
  disabled_at: Date | null;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface UniversalAuthsTable {
  id: string;
  identity_id: string;
  client_id: string;
  access_token_ttl: Generated<number>;
  access_token_max_ttl: Generated<number>;
  access_token_num_uses_limit: Generated<number>;
  /** Addresses and ranges; null is anywhere. */
  client_secret_trusted_ips: string[] | null;
  access_token_trusted_ips: string[] | null;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface ClientSecretsTable {
  id: string;
  universal_auth_id: string;
  digest: Buffer;
  prefix: string;
  description: Generated<string>;
  num_uses: Generated<number>;
  num_uses_limit: Generated<number>;
  ttl: Generated<number>;
  revoked: Generated<boolean>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface AccessTokensTable {
  digest: Buffer;
  identity_id: string;
  client_secret_id: string | null;
  created_at: DefaultTime;
  expires_at: ColumnType<Date, Date | string, Date | string>;
  num_uses: Generated<number>;
  num_uses_limit: Generated<number>;
  ttl: Generated<number>;
  max_ttl: Generated<number>;
  revoked_at: Date | null;
}

export interface LoginAttemptsTable {
  key: string;
  tries: Generated<number>;
  since: DefaultTime;
  locked_until: Date | null;
}
