/** Roles that are given to members: found, held against the giver's own rights, and shown. */
import { type memberships, type RoleGrant, roles, type Tx } from "@dayfly/store";
import type { Ask } from "../handler.ts";
import { isBuiltIn, rulesOf } from "./roles.ts";

/**
 * Finds the roles that a request gives, and holds each by itself against what the caller has: the others may end before it.
 * @throws NotFound for a role that the project does not have, Refusal 403 for one that holds more than the caller
 */
export async function given(
  tx: Tx,
  ask: Pick<Ask, "project" | "refuseExcess" | "note">,
  wanted: memberships.Grant[],
): Promise<{ grants: memberships.Grant[]; isNothing: boolean }> {
  ask.note({ roles: wanted.map(({ role }) => role) });
  const own = wanted.map(({ role }) => role).filter((role) => !isBuiltIn(role));
  const found = new Map((await roles.hold(tx, ask.project.id, [...new Set(own)])).map((role) => [role.slug, role]));
  const all = wanted.map((grant) => {
    const custom = found.get(grant.role);
    return custom === undefined
      ? { grant, rules: rulesOf(grant) }
      : { grant: { ...grant, role: "custom", roleId: custom.id }, rules: rulesOf({ ...grant, ...custom }) };
  });
  for (const { grant, rules } of all) ask.refuseExcess(rules, grant.temporary?.end);
  return { grants: all.map(({ grant }) => grant), isNothing: all.every(({ rules }) => rules.length === 0) };
}

/** A grant as it leaves. */
export function shownGrant({ id, role, roleId, temporary, secrets }: RoleGrant, named: memberships.Member["named"]) {
  const custom = named.find((one) => one.id === roleId);
  return {
    id,
    role,
    customRoleId: roleId ?? null,
    customRoleName: custom?.name ?? null,
    customRoleSlug: custom?.slug ?? null,
    isTemporary: temporary !== undefined,
    temporaryMode: temporary ? "relative" : null,
    temporaryRange: temporary?.range ?? null,
    temporaryAccessStartTime: temporary?.start ?? null,
    temporaryAccessEndTime: temporary?.end ?? null,
    secrets,
  };
}
