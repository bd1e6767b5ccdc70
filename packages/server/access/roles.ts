/**
 * What each role holds. Owns the built-in roles of projects and of the organization; a role that is neither one of them nor
 * made by the project holds nothing. It knows no request and no route.
 */
import { grantable, type OrganizationSubject, type PermissionRule } from "@dayfly/contract";
import type { memberships, OrgRole } from "@dayfly/store";

const all = ["read", "create", "edit", "delete"];
/** What a project is for. */
const content = ["secrets", "secret-imports", "secret-folders", "environments", "tags"];
/** Who is in it, and what it is. */
const house = ["member", "identity", "role", "settings", "workspace"];
const everySecretAction = [...grantable["dynamic-secrets"].filter((action) => !action.startsWith("lease-"))];

function allow(action: string[], ...subjects: string[]): PermissionRule[] {
  return subjects.map((subject) => ({ subject, action }));
}

/** The roles that every project has. */
export const builtIn: Record<string, { name: string; description: string; rules: PermissionRule[] }> = {
  admin: {
    name: "Admin",
    description: "Everything in the project",
    rules: [
      ...allow(all, ...content, ...house),
      ...allow(["read"], "audit-logs"),
      ...allow(everySecretAction, "dynamic-secrets"),
    ],
  },
  member: {
    name: "Member",
    description: "Works with what is in the project, and sees who else does",
    rules: [...allow(all, ...content), ...allow(["read"], ...house), ...allow(everySecretAction, "dynamic-secrets")],
  },
  viewer: {
    name: "Viewer",
    description: "Reads, and leases nothing",
    rules: [...allow(["read"], ...content, ...house), ...allow(["read-root-credential"], "dynamic-secrets")],
  },
  "lease-only": {
    name: "Lease only",
    description: "Leases the dynamic secrets named with it, and meets no lease but its own",
    rules: [],
  },
  "no-access": { name: "No access", description: "Nothing", rules: [] },
};

/** Whether a role is one that every project has. */
export function isBuiltIn(slug: string): boolean {
  return Object.hasOwn(builtIn, slug);
}

/** The rules of one role of a member. */
export function rulesOf({ role, secrets = [], permissions }: Omit<memberships.Granted, "id">): PermissionRule[] {
  // They come from a role that the contract has read.
  if (permissions !== undefined) return permissions as PermissionRule[];
  if (role === "lease-only") {
    return secrets.map(({ environment, path, name }) => ({
      subject: "dynamic-secrets",
      action: ["lease-create", "lease-read-own", "lease-renew-own", "lease-revoke-own"],
      conditions: {
        environment: { $eq: environment },
        secretPath: { $eq: path },
        secretName: { $eq: name.toLowerCase() },
      },
    }));
  }
  return isBuiltIn(role) ? builtIn[role]!.rules : [];
}

const organization: OrganizationSubject[] = ["workspace", "identity", "member", "settings", "audit-logs"];

/** What an organization role may do. */
export const organizationRules: Record<OrgRole, PermissionRule[]> = {
  admin: allow(all, ...organization),
  member: [...allow(["read"], "identity", "member", "settings"), ...allow(["read", "create"], "workspace")],
  "no-access": [],
};
