/**
 * Every kind of caller, and what it holds: written by hand and on purpose from nothing of the server's, so that a fault in
 * its roles or in this table shows as a cell that deviates.
 */

/** What is done with what, as routes declare it; words with a blank in between. */
export type Held = Record<string, string>;

/** What a member of the project holds there. */
export interface Member {
  holds: Held;
  /** Only in this folder and below; what lies in no folder is then out of reach. */
  under?: string;
  /** Only dynamic secrets of this name. */
  named?: string;
  /** Only its own leases. */
  ownLeases?: true;
  /** What is taken away again. */
  but?: Held;
}

/** One kind of caller. */
export interface Kind {
  /** How it comes in. "bad": with a token that is not good, so that nothing else matters. */
  as: "nobody" | "bad" | "machine" | "person";
  /** Its role in the organization. */
  org: "admin" | "member" | "no-access";
  /** Absent: a stranger to the project. */
  member?: Member;
}

const every = "read create edit delete";
const leasing = "lease-create lease-read lease-renew lease-revoke";
const roots = "read-root-credential create-root-credential edit-root-credential delete-root-credential";

const admin: Held = {
  secrets: every,
  "secret-imports": every,
  "secret-folders": every,
  environments: every,
  tags: every,
  member: every,
  identity: every,
  role: every,
  settings: every,
  workspace: every,
  "audit-logs": "read",
  "dynamic-secrets": `${roots} ${leasing}`,
};
const member: Held = {
  secrets: every,
  "secret-imports": every,
  "secret-folders": every,
  environments: every,
  tags: every,
  member: "read",
  identity: "read",
  role: "read",
  settings: "read",
  workspace: "read",
  "dynamic-secrets": `${roots} ${leasing}`,
};
const viewer: Held = {
  secrets: "read",
  "secret-imports": "read",
  "secret-folders": "read",
  environments: "read",
  tags: "read",
  member: "read",
  identity: "read",
  role: "read",
  settings: "read",
  workspace: "read",
  "dynamic-secrets": "read-root-credential",
};

/** What a role in the organization holds. */
export const inOrganization: Record<Kind["org"], Held> = {
  admin: { workspace: every, identity: every, member: every, settings: every, "audit-logs": every },
  member: { workspace: "read create", identity: "read", member: "read", settings: "read" },
  "no-access": {},
};

const bad = { as: "bad", org: "no-access" } as const;
const machine = { as: "machine", org: "no-access" } as const;

/** Who asks every route. */
export const kinds = {
  nobody: { as: "nobody", org: "no-access" },
  "a made-up token": bad,
  "an expired token": bad,
  "a revoked token": bad,
  "a disabled machine": bad,
  "a session that has ended": bad,
  "a disabled person": bad,
  "admin of another project": { as: "machine", org: "member" },
  "no access": { ...machine, member: { holds: {} } },
  "a role that has ended": { ...machine, member: { holds: {} } },
  viewer: { ...machine, org: "member", member: { holds: viewer } },
  member: { ...machine, member: { holds: member } },
  "lease only": {
    ...machine,
    member: { holds: { "dynamic-secrets": leasing }, under: "/database", named: "postgres", ownLeases: true },
  },
  "project admin": { ...machine, member: { holds: admin } },
  "one right, here": { ...machine, member: { holds: { secrets: "read" }, under: "/database" } },
  "all rights, elsewhere": {
    ...machine,
    member: {
      holds: {
        secrets: every,
        "secret-imports": every,
        "secret-folders": every,
        "dynamic-secrets": `${roots} ${leasing}`,
      },
      under: "/other",
    },
  },
  "admin of the organization": { as: "person", org: "admin" },
  "a person, member": { as: "person", org: "member", member: { holds: member } },
  "a member who is denied": {
    ...machine,
    member: { holds: member, but: { secrets: "read", "dynamic-secrets": "edit-root-credential lease-create" } },
  },
} as const satisfies Record<string, Kind>;

/** The name of a kind. */
export type KindName = keyof typeof kinds;

/** Where something is, as far as it is known. */
export interface Spot {
  path?: string;
  name?: string;
  /** Whether the lease is the caller's own. */
  isOwn?: boolean;
}

/** Whether a member holds a right at a spot. */
export function holds(held: Member, action: string, subject: string, spot: Spot): boolean {
  if (action === "lease") return leasing.split(" ").every((one) => holds(held, one, subject, spot));
  const { under, named } = held;
  if (!has(held.holds, action, subject) || has(held.but ?? {}, action, subject)) return false;
  if (under !== undefined && spot.path !== under && !spot.path?.startsWith(`${under}/`)) return false;
  if (named !== undefined && spot.name !== undefined && spot.name !== named) return false;
  return !(held.ownLeases && spot.isOwn === false);
}

/** Whether a member holds a right anywhere. */
export function holdsSome(held: Member, action: string, subject: string): boolean {
  const { holds: given, but } = held;
  return holds({ holds: given, but }, action, subject, {});
}

/** Whether a list of rights has one. */
export function has(held: Held, action: string, subject: string): boolean {
  return (held[subject] ?? "").split(" ").includes(action);
}
