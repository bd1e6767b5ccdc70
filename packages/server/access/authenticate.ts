/**
 * Who is asking. Owns how a bearer token becomes an actor: looked up by digest at every request, so that a revoked token,
 * client secret or identity is refused at once on every node.
 */
import { accessTokens, type Caller, type Db, type OrgRole } from "@dayfly/store";
import { Refusal } from "../refusal.ts";
import { digestOf } from "./tokens.ts";

/** An actor that has proven who it is. */
export interface Authenticated {
  actor: Caller["actor"] & { type: "identity"; id: string };
  orgRole: OrgRole;
}

const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{1,2048})$/i;

/**
 * Reads the `Authorization` header.
 * @throws Refusal: 401 without credentials, 403 TokenError (as the wire has it) for a token that is not good.
 */
export async function authenticate(db: Db, authorization: string | undefined): Promise<Authenticated> {
  if (authorization === undefined || !/^Bearer(\s|$)/i.test(authorization)) {
    throw new Refusal("UnauthorizedError", "No token was given: log in and send it as 'Authorization: Bearer <token>'");
  }
  const token = bearer.exec(authorization.trim())?.[1];
  const holder = token === undefined ? undefined : await accessTokens.bearer(db, digestOf(token));
  if (holder === undefined) {
    throw new Refusal("TokenError", "The token is unknown, expired, used up or revoked: log in again");
  }
  return {
    actor: { type: "identity", id: holder.identityId, name: holder.identityName },
    orgRole: holder.orgRole,
  };
}
