/** People signing in, and their sessions. */
import { NotFound, organizations, userSessions } from "@dayfly/store";
import { provenBy } from "../access/guesses.ts";
import { person } from "../access/person.ts";
import { makePersonsToken } from "../access/tokens.ts";
import type { Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";

/** Clients without cookies have no way to refresh a session. */
const SESSION_SECONDS = 24 * 3600;

export const loginUser: Handlers["loginUser"] = async ({ input, caller, write }, { store }) => {
  const wrong = () => new Refusal("UnauthorizedError", "Invalid credentials");
  const user = await provenBy(store, input.body.email, input.body.password, caller.ip);
  if (user === undefined) throw wrong();
  const expiresAt = new Date(Date.now() + SESSION_SECONDS * 1000);
  const { token, digest } = makePersonsToken({ userId: user.id, expiresAt });
  return write(async (tx) => {
    const sessionId = await userSessions.begin(tx, { user, digest, seconds: SESSION_SECONDS }, caller);
    if (sessionId === undefined) throw wrong();
    caller.actor = { type: "user", id: user.id, name: user.email };
    return { accessToken: token, expiresIn: SESSION_SECONDS };
  });
};

export const selectOrganization: Handlers["selectOrganization"] = async (ask) => {
  const { userId, sessionId } = person(ask);
  const { organizationId } = ask.input.body;
  return ask.write(async (tx) => {
    if ((await organizations.only(tx))?.id !== organizationId) throw new NotFound("organization", organizationId);
    const expiresAt = await userSessions.endOf(tx, sessionId);
    if (expiresAt === undefined) throw new NotFound("session", sessionId);
    const { token, digest } = makePersonsToken({ userId, organizationId, expiresAt });
    await userSessions.rename(tx, sessionId, digest);
    return { token };
  });
};

export const checkAuth: Handlers["checkAuth"] = async () => ({});

export const logoutUser: Handlers["logoutUser"] = async (ask) => {
  const { userId, sessionId } = person(ask);
  return ask.write(async (tx) => {
    await userSessions.end(tx, userId, sessionId);
    return { message: "Signed out" };
  });
};

export const listSessions: Handlers["listSessions"] = async (ask, { store }) => {
  const { userId, sessionId } = person(ask);
  const sessions = await userSessions.list(store, userId);
  return {
    sessions: sessions.map((session) => ({
      id: session.id,
      isCurrent: session.id === sessionId,
      ip: session.ip,
      userAgent: session.user_agent,
      createdAt: session.created_at,
      lastUsed: session.last_used_at,
      expiresAt: session.expires_at,
    })),
  };
};

export const endSession: Handlers["endSession"] = async (ask) => {
  const { userId } = person(ask);
  const { sessionId } = ask.input.params;
  ask.note({ subjectId: sessionId });
  return ask.write(async (tx) => {
    if (!(await userSessions.end(tx, userId, sessionId))) throw new NotFound("session", sessionId);
    return { message: "The session is ended" };
  });
};

export const endOtherSessions: Handlers["endOtherSessions"] = async (ask) => {
  const { userId, sessionId } = person(ask);
  return ask.write(async (tx) => {
    const count = await userSessions.endAll(tx, userId, sessionId);
    ask.note({ count });
    return { count };
  });
};
