/**
 * What each role holds. Owns the built-in roles of projects and of the organization; a role that is not named here holds
 * nothing. It knows no request and no route.
 */
import type { ForcedSubject, MongoAbility, RawRuleOf } from "@casl/ability";
import type { OrgRole, RoleGrant } from "@dayfly/store";

/** The fields that rules may look at. `owner` is null where no lease is concerned. */
export interface Spot {
  environment?: string;
  path?: string;
  name?: string;
  owner?: string | null;
}

/** Rules over what is in a project, by their spot. */
export type ProjectAbility = MongoAbility<[string, string | (Spot & ForcedSubject<string>)]>;

type Rule = RawRuleOf<ProjectAbility>;

const all = ["read", "create", "edit", "delete"] as const;
/** What a project is for. */
const content = ["secrets", "secret-imports", "secret-folders", "environments", "tags"] as const;
/** Who is in it, and what it is. */
const house = ["member", "identity", "role", "settings", "workspace"] as const;
const secretActions = [
  "read-root-credential",
  "create-root-credential",
  "edit-root-credential",
  "delete-root-credential",
  "lease",
] as const;

const projectRoles: Record<string, (grant: RoleGrant, owner: string) => Rule[]> = {
  admin: () => [
    { action: [...all], subject: [...content, ...house, "audit-logs"] },
    { action: [...secretActions], subject: "dynamic-secrets" },
  ],
  member: () => [
    { action: [...all], subject: [...content] },
    { action: "read", subject: [...house] },
    { action: [...secretActions], subject: "dynamic-secrets" },
  ],
  viewer: () => [
    { action: "read", subject: [...content, ...house] },
    { action: "read-root-credential", subject: "dynamic-secrets" },
  ],
  // Leases the secrets it is given by name, and meets no lease but its own.
  "lease-only": ({ secrets = [] }, owner) =>
    secrets.map(({ environment, path, name }) => ({
      action: "lease",
      subject: "dynamic-secrets",
      conditions: { environment, path, name: name.toLowerCase(), owner: { $in: [null, owner] } },
    })),
  "no-access": () => [],
};

/** The rules of a member's roles together; `owner` names the member on its own leases. */
export function projectRules(grants: RoleGrant[], owner: string): Rule[] {
  return grants.flatMap((grant) =>
    Object.hasOwn(projectRoles, grant.role) ? projectRoles[grant.role]!(grant, owner) : [],
  );
}

/** What an organization role may do: on `workspace`, `identity`, `member`, `settings`, `audit-logs`. */
export const organizationRules: Record<OrgRole, { action: string[]; subject: string[] }[]> = {
  admin: [{ action: [...all], subject: ["workspace", "identity", "member", "settings", "audit-logs"] }],
  member: [
    { action: ["read"], subject: ["workspace", "identity", "member", "settings"] },
    { action: ["create"], subject: ["workspace"] },
  ],
  "no-access": [],
};
