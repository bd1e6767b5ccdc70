/**
 * What one caller may do. Owns how the rules of its roles come together, and that nobody grants more than they have; a right
 * is decided on the canonical place of the parsed request and nothing else.
 */
import type { Conditions, PermissionRule } from "@dayfly/contract";
import type { memberships, OrgRole } from "@dayfly/store";
import { Refusal } from "../refusal.ts";
import { organizationRules, rulesOf } from "./roles.ts";
import { decide, type Rule, readied, type Spot } from "./rules.ts";
import { type Excess, excessOf } from "./within.ts";

/** What one caller may do in one project. */
export interface ProjectRights {
  /** Whether this may be done at this spot; not, where that depends on what the spot does not tell. */
  may(action: string, subject: string, spot: Spot): boolean;
  /** Whether this may be done with something at this spot; lists are opened by it and cut down by `may`. */
  mayWithSome(action: string, subject: string, spot: Spot): boolean;
  /** Whether any rule looks at this field of things. */
  looksAt(field: keyof Conditions): boolean;
  /** What of these rules, held until then, is or may be more than the caller's own. `end` in ISO 8601; absent: for good. */
  excess(rules: PermissionRule[], end?: string): Excess[];
}

/** How an actor is named on its leases. */
export function ownerOf(actor: { type: string; id: string | null }): string {
  return `${actor.type}:${actor.id}`;
}

// Made ready once: nearly every request asks for them. The other two are of the grant and not of the role.
const ready = new Map(["admin", "member", "viewer"].map((role) => [role, allReadied(rulesOf({ role }))]));

function readiedOf(grant: Omit<memberships.Granted, "id">): Rule[] {
  const lasting = grant.temporary === undefined ? ready.get(grant.role) : undefined;
  return lasting ?? allReadied(rulesOf(grant), grant.temporary?.end);
}

/** The rights that a member's roles add up to; `owner` names the member on its leases. */
export function projectRights(grants: Omit<memberships.Granted, "id">[], owner: string): ProjectRights {
  const rules = grants.flatMap(readiedOf);
  return {
    may: (action, subject, spot) => decide(rules, action, subject, oneCase(subject, spot), owner) === true,
    mayWithSome: (action, subject, spot) => decide(rules, action, subject, oneCase(subject, spot), owner) !== false,
    looksAt: (field) => rules.some(({ conditions }) => conditions[field] !== undefined),
    excess: (granted, end) => excessOf(allReadied(granted, end), rules),
  };
}

function allReadied(rules: PermissionRule[], end?: string): Rule[] {
  const until = end === undefined ? Infinity : Date.parse(end);
  return rules.flatMap((rule) => readied(rule, until));
}

// Names of dynamic secrets have one case, those of secrets two.
function oneCase(subject: string, spot: Spot): Spot {
  return subject === "dynamic-secrets" ? { ...spot, name: spot.name?.toLowerCase() } : spot;
}

const inOrganization: Record<OrgRole, Rule[]> = {
  admin: allReadied(organizationRules.admin),
  member: allReadied(organizationRules.member),
  "no-access": [],
};

/** Whether an organization role holds a right. */
export function mayInOrganization(role: OrgRole, action: string, subject: string): boolean {
  return decide(inOrganization[role], action, subject, {}, "") === true;
}

/** What one organization role holds beyond another. */
export function organizationExcess(granted: OrgRole, held: OrgRole): Excess[] {
  return excessOf(inOrganization[granted], inOrganization[held]);
}

/** @throws Refusal 403 when there is any excess */
export function refuseExcess(excess: Excess[]): void {
  if (excess.length === 0) return;
  const shown = excess.slice(0, 5).map(({ action, subject }) => `${action} ${subject}`);
  if (excess.length > shown.length) shown.push(`${excess.length - shown.length} more`);
  throw new Refusal(
    "PermissionDenied",
    `You cannot give what you do not have, or not as widely or for as long: ${shown.join(", ")}`,
    {
      details: excess,
    },
  );
}
