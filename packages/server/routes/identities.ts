/** Machine identities, and what they sign in with. */
import { clientSecrets, identities, memberships, NotFound, organizations } from "@dayfly/store";
import { organizationExcess, refuseExcess } from "../access/ability.ts";
import { makeToken } from "../access/tokens.ts";
import type { Handlers } from "../handler.ts";

/** How much of a client secret is kept in the clear, so that people can tell theirs apart. */
const PREFIX = 4;

export const createIdentity: Handlers["createIdentity"] = async ({ input, orgRole, write, note }) => {
  const { name, organizationId, role } = input.body;
  note({ roles: [role] });
  refuseExcess(organizationExcess(role, orgRole));
  return write(async (tx) => {
    const organization = await organizations.only(tx);
    if (organization?.id !== organizationId) throw new NotFound("organization", organizationId);
    const identity = await identities.create(tx, { name, orgRole: role });
    note({ subjectId: identity.id, name });
    return { identity: shown(identity, []) };
  });
};

export const deleteIdentity: Handlers["deleteIdentity"] = async ({ caller, input, write, note }, { engine }) => {
  const { identityId } = input.params;
  note({ subjectId: identityId });
  return write(async (tx) => {
    const identity = await identities.remove(tx, identityId);
    await memberships.removeAll(tx, { type: "identity", id: identityId });
    note({ count: await engine.endLeasesOf(tx, caller, { type: "identity", id: identityId }) });
    return { identity: shown(identity, []) };
  });
};

export const attachUniversalAuth: Handlers["attachUniversalAuth"] = async ({ input, write, note }) => {
  const { identityId } = input.params;
  note({ subjectId: identityId });
  return write(async (tx) => {
    await identities.find(tx, identityId);
    const auth = await identities.attachUniversalAuth(tx, identityId, input.body);
    return {
      identityUniversalAuth: {
        id: auth.id,
        clientId: auth.client_id,
        identityId,
        accessTokenTTL: auth.access_token_ttl,
        accessTokenMaxTTL: auth.access_token_max_ttl,
        accessTokenNumUsesLimit: auth.access_token_num_uses_limit,
        createdAt: auth.created_at,
        updatedAt: auth.updated_at,
      },
    };
  });
};

export const createClientSecret: Handlers["createClientSecret"] = async ({ input, write, note }) => {
  const { identityId } = input.params;
  const { token, digest } = makeToken();
  note({ subjectId: identityId });
  return write(async (tx) => {
    const auth = await identities.universalAuth(tx, identityId);
    const secret = await clientSecrets.create(tx, {
      ...input.body,
      universalAuthId: auth.id,
      digest,
      prefix: token.slice(0, PREFIX),
    });
    return {
      clientSecret: token,
      clientSecretData: {
        id: secret.id,
        description: secret.description,
        clientSecretPrefix: secret.prefix,
        clientSecretNumUses: secret.num_uses,
        clientSecretNumUsesLimit: secret.num_uses_limit,
        clientSecretTTL: secret.ttl,
        identityUAId: secret.universal_auth_id,
        isClientSecretRevoked: secret.revoked,
        createdAt: secret.created_at,
        updatedAt: secret.updated_at,
      },
    };
  });
};

function shown(identity: identities.Identity, authMethods: string[]) {
  return {
    id: identity.id,
    name: identity.name,
    authMethods,
    createdAt: identity.created_at,
    updatedAt: identity.updated_at,
  };
}
