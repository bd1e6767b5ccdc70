/** Machine identities in the organization. */
import { type Db, identities, memberships, NotFound, organizations } from "@dayfly/store";
import { organizationExcess, refuseExcess } from "../access/ability.ts";
import type { Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";

export const createIdentity: Handlers["createIdentity"] = async ({ input, orgRole, write, note }) => {
  const { organizationId, role, ...rest } = input.body;
  note({ roles: [role] });
  refuseExcess(organizationExcess(role, orgRole));
  return write(async (tx) => {
    const organization = await organizations.only(tx);
    if (organization?.id !== organizationId) throw new NotFound("organization", organizationId);
    const identity = await identities.create(tx, { ...rest, orgRole: role });
    note({ subjectId: identity.id, name: rest.name });
    return { identity: shown(identity, false) };
  });
};

export const listIdentities: Handlers["listIdentities"] = async ({ note }, { store }) => {
  const organization = await here(store);
  const rows = await identities.list(store);
  note({ count: rows.length });
  return {
    identities: rows.map((row) => nested(row, row.has_universal_auth, organization)),
    totalCount: rows.length,
  };
};

export const getIdentityDetails: Handlers["getIdentityDetails"] = async (_ask, { store }) => ({
  identityDetails: { organization: await here(store) },
});

export const getIdentity: Handlers["getIdentity"] = async ({ input, note }, { store }) => {
  const { identityId } = input.params;
  note({ subjectId: identityId });
  const identity = await identities.find(store, identityId);
  const signsIn = await identities.hasUniversalAuth(store, identityId);
  return { identity: nested(identity, signsIn, await here(store)) };
};

export const updateIdentity: Handlers["updateIdentity"] = async (ask, { engine }) => {
  const { caller, input, orgRole, write, note } = ask;
  const { identityId } = input.params;
  const { role, isActive, ...rest } = input.body;
  const disabled = isActive === undefined ? undefined : !isActive;
  const actor = { type: "identity", id: identityId } as const;
  note({ subjectId: identityId, fields: Object.keys(input.body), ...(role && { roles: [role] }) });
  if (role !== undefined) refuseExcess(organizationExcess(role, orgRole));
  return write(async (tx) => {
    const identity = await identities.update(tx, identityId, { ...rest, orgRole: role, disabled });
    if (disabled !== undefined) await memberships.suspend(tx, actor, disabled);
    if (disabled) note({ count: await engine.endLeasesOf(tx, caller, actor) });
    return { identity: shown(identity, await identities.hasUniversalAuth(tx, identityId)) };
  });
};

export const deleteIdentity: Handlers["deleteIdentity"] = async ({ caller, input, write, note }, { engine }) => {
  const { identityId } = input.params;
  note({ subjectId: identityId });
  return write(async (tx) => {
    const signedIn = await identities.hasUniversalAuth(tx, identityId);
    const identity = await identities.remove(tx, identityId);
    if (identity.has_delete_protection) {
      throw new Refusal("BadRequest", "This identity is protected from deletion: turn hasDeleteProtection off first");
    }
    await memberships.removeAll(tx, { type: "identity", id: identityId });
    note({ count: await engine.endLeasesOf(tx, caller, { type: "identity", id: identityId }) });
    return { identity: shown(identity, signedIn) };
  });
};

async function here(db: Db): Promise<organizations.Organization> {
  const organization = await organizations.only(db);
  if (organization === undefined) throw new NotFound("organization", "of this server");
  return organization;
}

function shown(identity: identities.Identity, signsIn: boolean) {
  return {
    id: identity.id,
    name: identity.name,
    hasDeleteProtection: identity.has_delete_protection,
    isActive: identity.disabled_at === null,
    authMethods: signsIn ? ["universal-auth"] : [],
    metadata: identity.metadata,
    createdAt: identity.created_at,
    updatedAt: identity.updated_at,
  };
}

function nested(identity: identities.Identity, signsIn: boolean, organization: organizations.Organization) {
  return {
    id: identity.id,
    role: identity.org_role,
    orgId: organization.id,
    metadata: identity.metadata,
    identity: shown(identity, signsIn),
  };
}
