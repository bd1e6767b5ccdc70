/**
 * Who is asking. Owns how a bearer token becomes an actor: looked up by digest at every request, so that a revoked token,
 * an ended session, a client secret or an identity that went is refused at once on every node.
 */
import { accessTokens, type Caller, type Db, type OrgRole, userSessions } from "@dayfly/store";
import { Refusal } from "../refusal.ts";
import { plainAddress } from "./address.ts";
import { digestOf, isPersons } from "./tokens.ts";

/** An actor that has proven who it is. */
export interface Authenticated {
  actor: Caller["actor"] & { type: "identity" | "user"; id: string };
  orgRole: OrgRole;
  /** The session of a person; null for a machine. */
  sessionId: string | null;
}

const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{1,2048})$/i;

/**
 * Reads the `Authorization` header of a request from an address. Of a token with a use limit it spends one, unless told not to.
 * @throws Refusal: 401 without credentials, 403 TokenError (as the wire has it) for a token that is not good.
 */
export async function authenticate(
  db: Db,
  authorization: string | undefined,
  ip: string | null,
  { spends = true }: { spends?: boolean } = {},
): Promise<Authenticated> {
  if (authorization === undefined || !/^Bearer(\s|$)/i.test(authorization)) {
    throw new Refusal("UnauthorizedError", "No token was given: log in and send it as 'Authorization: Bearer <token>'");
  }
  const token = bearer.exec(authorization.trim())?.[1];
  const holder =
    token === undefined ? undefined : await (isPersons(token) ? person(db, token) : machine(db, token, ip, spends));
  if (holder === undefined) throw badToken();
  return holder;
}

/** The one answer to every token that is not good, whatever is wrong with it. */
export function badToken(): Refusal {
  return new Refusal("TokenError", "The token is unknown, expired, used up or revoked: log in again");
}

async function machine(db: Db, token: string, ip: string | null, spends: boolean): Promise<Authenticated | undefined> {
  const holder = await accessTokens.bearer(db, digestOf(token), plainAddress(ip), spends);
  return (
    holder && {
      actor: { type: "identity", id: holder.identityId, name: holder.identityName },
      orgRole: holder.orgRole,
      sessionId: null,
    }
  );
}

async function person(db: Db, token: string): Promise<Authenticated | undefined> {
  const holder = await userSessions.bearer(db, digestOf(token));
  return (
    holder && {
      actor: { type: "user", id: holder.userId, name: holder.email },
      orgRole: holder.orgRole,
      sessionId: holder.sessionId,
    }
  );
}
