/** The row types of who may do what in a project, and of its tags; part of `tables.ts`. */
import type { Generated } from "kysely";
import type { DefaultTime, Json } from "./columns.ts";
import type { FrozenColumn } from "./incident-tables.ts";

/**
 * One role of a member. `secrets` names what a lease-only member may lease; `roleId` is of a role of the project's own.
 * Outside the time between `start` and `end`, in ISO 8601, it grants nothing.
 */
export interface RoleGrant {
  id: string;
  role: string;
  roleId?: string;
  secrets?: { environment: string; path: string; name: string }[];
  temporary?: { range: string; start: string; end: string };
}

export interface MembershipsTable {
  id: string;
  project_id: string;
  actor_type: "identity" | "user";
  actor_id: string;
  roles: Json<RoleGrant[]>;
  custom_roles: Generated<string[]>;
  ends_at: Date | null;
  /** While its actor is disabled. */
  suspended: Generated<boolean>;
  frozen: FrozenColumn;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

/** One rule of a role: what it means is the server's to say. */
export interface RoleRule {
  subject: string;
  action: string[];
  conditions?: Record<string, unknown>;
  inverted?: boolean;
}

export interface RolesTable {
  id: string;
  project_id: string;
  slug: string;
  name: string;
  description: Generated<string>;
  permissions: Json<RoleRule[]>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}

export interface TagsTable {
  id: string;
  project_id: string;
  slug: string;
  name: string;
  color: Generated<string>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
}
