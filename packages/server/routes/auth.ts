/**
 * Machines signing in. Owns the order that makes guessing hopeless: logins of one client id take turns, a guess is counted before
 * the next one is tried, and a wait holds for the right secret too. Unknown client ids take the same way as known ones.
 */
import { accessTokens, clientSecrets, identities, loginAttempts } from "@dayfly/store";
import { plainAddress } from "../access/address.ts";
import { badToken } from "../access/authenticate.ts";
import { addressKey, perAddress, refuseWaiting } from "../access/guesses.ts";
import { digestOf, makeToken } from "../access/tokens.ts";
import { createTurns } from "../access/turns.ts";
import type { Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";

const perClient: loginAttempts.AttemptRule = { tries: 3, withinSeconds: 30, waitSeconds: 300 };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const nobody = "00000000-0000-0000-0000-000000000000";
const turns = createTurns(64);

export const universalAuthLogin: Handlers["universalAuthLogin"] = async (ask, { store }) => {
  const { clientSecret } = ask.input.body;
  const given = ask.input.body.clientId.toLowerCase();
  const clientId = uuid.test(given) ? given : nobody;
  const keys = { client: `client:${clientId}`, address: addressKey(ask.caller.ip) };
  refuseWaiting(await loginAttempts.waiting(store, Object.values(keys)));
  const issued = await turns.take(keys.client, () =>
    store.transaction(async (tx) => {
      await loginAttempts.takeTurn(tx, keys.client);
      refuseWaiting(await loginAttempts.waiting(tx, Object.values(keys)));
      const auth = await identities.byClientId(tx, clientId, plainAddress(ask.caller.ip));
      const secret = await clientSecrets.use(tx, auth?.id ?? nobody, digestOf(clientSecret));
      if (auth === undefined || secret === undefined) {
        await loginAttempts.failed(tx, keys.client, perClient);
        await loginAttempts.failed(tx, keys.address, perAddress);
        return undefined;
      }
      ask.caller.actor = { type: "identity", id: auth.identity_id, name: auth.identity_name };
      const { token, digest } = makeToken();
      const life = await accessTokens.issue(tx, {
        digest,
        identityId: auth.identity_id,
        clientSecretId: secret.id,
        ttl: auth.access_token_ttl,
        maxTTL: auth.access_token_max_ttl,
        numUsesLimit: auth.access_token_num_uses_limit,
      });
      await ask.record(tx);
      return { accessToken: token, expiresIn: life.expiresIn, accessTokenMaxTTL: life.maxTTL };
    }),
  );
  if (issued === undefined) throw new Refusal("UnauthorizedError", "Invalid credentials");
  return issued;
};

export const renewToken: Handlers["renewToken"] = async ({ input, caller, write }) => {
  const { accessToken } = input.body;
  return write(async (tx) => {
    const renewed = await accessTokens.renew(tx, digestOf(accessToken), plainAddress(caller.ip));
    if (renewed === undefined) throw badToken();
    caller.actor = { type: "identity", id: renewed.identityId, name: renewed.identityName };
    return { accessToken, expiresIn: renewed.expiresIn, accessTokenMaxTTL: renewed.maxTTL };
  });
};

export const revokeToken: Handlers["revokeToken"] = async ({ input, caller, write }) =>
  write(async (tx) => {
    const revoked = await accessTokens.revoke(tx, digestOf(input.body.accessToken));
    if (revoked === undefined) throw badToken();
    caller.actor = { type: "identity", id: revoked.id, name: revoked.name };
    return { message: "The access token is revoked" };
  });
