/** What machine identities sign in with. */
import { clientSecrets, identities } from "@dayfly/store";
import { makeToken } from "../access/tokens.ts";
import type { Ask, Handlers } from "../handler.ts";

/** How much of a client secret is kept in the clear, so that people can tell theirs apart. */
const PREFIX = 4;

export const attachUniversalAuth: Handlers["attachUniversalAuth"] = async (ask) => {
  const identityId = about(ask);
  return ask.write(async (tx) => {
    await identities.find(tx, identityId);
    return shown(await identities.attachUniversalAuth(tx, identityId, limitsOf(ask.input.body)));
  });
};

export const getUniversalAuth: Handlers["getUniversalAuth"] = async (ask, { store }) =>
  shown(await identities.universalAuth(store, about(ask)));

export const updateUniversalAuth: Handlers["updateUniversalAuth"] = async (ask) => {
  const identityId = about(ask);
  ask.note({ fields: Object.keys(ask.input.body) });
  return ask.write(async (tx) => shown(await identities.updateUniversalAuth(tx, identityId, limitsOf(ask.input.body))));
};

export const detachUniversalAuth: Handlers["detachUniversalAuth"] = async (ask) => {
  const identityId = about(ask);
  return ask.write(async (tx) => shown(await identities.detachUniversalAuth(tx, identityId)));
};

export const createClientSecret: Handlers["createClientSecret"] = async (ask) => {
  const identityId = about(ask);
  const { token, digest } = makeToken();
  return ask.write(async (tx) => {
    const auth = await identities.universalAuth(tx, identityId);
    const secret = await clientSecrets.create(tx, {
      ...ask.input.body,
      universalAuthId: auth.id,
      digest,
      prefix: token.slice(0, PREFIX),
    });
    return { clientSecret: token, clientSecretData: shownSecret(secret) };
  });
};

export const listClientSecrets: Handlers["listClientSecrets"] = async (ask, { store }) => {
  const auth = await identities.universalAuth(store, about(ask));
  return { clientSecretData: (await clientSecrets.list(store, auth.id)).map(shownSecret) };
};

export const getClientSecret: Handlers["getClientSecret"] = async (ask, { store }) => {
  const auth = await identities.universalAuth(store, about(ask));
  return { clientSecretData: shownSecret(await clientSecrets.find(store, auth.id, ask.input.params.clientSecretId)) };
};

export const revokeClientSecret: Handlers["revokeClientSecret"] = async (ask) => {
  const identityId = about(ask);
  return ask.write(async (tx) => {
    const auth = await identities.universalAuth(tx, identityId);
    const secret = await clientSecrets.revoke(tx, auth.id, ask.input.params.clientSecretId);
    return { clientSecretData: shownSecret(secret) };
  });
};

/** The identity of a request, which its audit row then names. */
function about({ input, note }: { input: { params: { identityId: string } }; note: Ask["note"] }): string {
  const { identityId } = input.params;
  note({ subjectId: identityId });
  return identityId;
}

type Addresses = { ipAddress: string }[] | null | undefined;

function limitsOf<L extends { clientSecretTrustedIps?: Addresses; accessTokenTrustedIps?: Addresses }>(given: L) {
  const texts = (addresses: Addresses) =>
    addresses?.map(({ ipAddress }) => ipAddress) ?? (addresses as null | undefined);
  const { clientSecretTrustedIps, accessTokenTrustedIps, ...rest } = given;
  return {
    ...rest,
    clientSecretTrustedIps: texts(clientSecretTrustedIps),
    accessTokenTrustedIps: texts(accessTokenTrustedIps),
  };
}

const anywhere = ["0.0.0.0/0", "::/0"];

function shownAddress(text: string) {
  const [ipAddress = "", prefix] = text.split("/");
  const type = ipAddress.includes(":") ? ("ipv6" as const) : ("ipv4" as const);
  return { ipAddress, type, ...(prefix !== undefined && { prefix: Number(prefix) }) };
}

function shown(auth: identities.UniversalAuth) {
  return {
    identityUniversalAuth: {
      id: auth.id,
      clientId: auth.client_id,
      identityId: auth.identity_id,
      accessTokenTTL: auth.access_token_ttl,
      accessTokenMaxTTL: auth.access_token_max_ttl,
      accessTokenNumUsesLimit: auth.access_token_num_uses_limit,
      clientSecretTrustedIps: (auth.client_secret_trusted_ips ?? anywhere).map(shownAddress),
      accessTokenTrustedIps: (auth.access_token_trusted_ips ?? anywhere).map(shownAddress),
      createdAt: auth.created_at,
      updatedAt: auth.updated_at,
    },
  };
}

function shownSecret(secret: clientSecrets.ClientSecret) {
  return {
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
  };
}
