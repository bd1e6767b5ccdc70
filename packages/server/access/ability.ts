/**
 * From roles to yes or no. Owns how a right is decided: on the canonical place of the parsed request and nothing else,
 * by rules that only ever allow. Fields that a rule asks for and a place lacks do not match.
 */
import { createMongoAbility, type MongoAbility, subject } from "@casl/ability";
import type { OrgRole, RoleGrant } from "@dayfly/store";
import { organizationRules, type ProjectAbility, projectRules, type Spot } from "./roles.ts";

type OrganizationAbility = MongoAbility<[string, string]>;

/** What one caller may do in one project. */
export interface ProjectRights {
  /** Whether this may be done at this spot. */
  may(action: string, subject: string, spot: Spot): boolean;
  /** Whether there is any spot at all where this may be done; lists are opened by it and cut down by `may`. */
  mayAnywhere(action: string, subject: string): boolean;
}

/** How an actor is named on its leases. */
export function ownerOf(actor: { type: string; id: string | null }): string {
  return `${actor.type}:${actor.id}`;
}

/** The rights that a member's roles add up to. */
export function projectRights(grants: RoleGrant[], owner: string): ProjectRights {
  const ability = createMongoAbility<ProjectAbility>(projectRules(grants, owner));
  return {
    may: (action, about, spot) =>
      ability.can(action, subject(about, { ...spot, name: spot.name?.toLowerCase(), owner: spot.owner ?? null })),
    mayAnywhere: (action, about) => ability.can(action, about),
  };
}

/** Whether an organization role holds a right. */
export function mayInOrganization(role: OrgRole, action: string, about: string): boolean {
  return createMongoAbility<OrganizationAbility>(organizationRules[role]).can(action, about);
}
