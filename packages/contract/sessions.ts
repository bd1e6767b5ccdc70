/** People signing in, and their sessions. */
import { z } from "zod";
import { id, time } from "./fields.ts";
import { route } from "./route.ts";

const own = { scope: "own" } as const;

/** A password that exists; what a new one has to be is `newPassword`. */
export const password = z.string().min(1, "must not be empty").max(1024, "must be at most 1024 characters");

/** Exchanges e-mail address and password for a session's token, a JWT in shape. */
export const loginUser = route({
  method: "POST",
  path: "/api/v3/auth/login",
  summary: "Sign in with an e-mail address and a password",
  permission: { open: true },
  audit: "login-user",
  body: z.object({ email: z.string().trim().min(1).max(255), password: password.meta({ secret: true }) }),
  reply: z.object({
    accessToken: z.string().meta({ secret: true }),
    /** Ours, in seconds; official clients read it from the token. */
    expiresIn: z.int(),
  }),
});

/** Chooses the organization of a session. Its token changes, and the one before is no good any more. */
export const selectOrganization = route({
  method: "POST",
  path: "/api/v3/auth/select-organization",
  summary: "Choose the organization of the session",
  permission: own,
  audit: "select-organization",
  body: z.object({ organizationId: id }),
  reply: z.object({
    token: z.string().meta({ secret: true }),
    isMfaEnabled: z.literal(false).default(false),
    mfaMethod: z.literal("email").default("email"),
  }),
});

/** Answers whoever is signed in. */
export const checkAuth = route({
  method: "POST",
  path: "/api/v1/auth/checkAuth",
  summary: "Check that the token is good",
  permission: own,
  audit: "check-auth",
  reply: z.object({ message: z.literal("Authenticated").default("Authenticated") }),
});

/** Ends the session that asks. */
export const logoutUser = route({
  method: "POST",
  path: "/api/v1/auth/logout",
  summary: "Sign out: end this session",
  permission: own,
  audit: "logout-user",
  reply: z.object({ message: z.string() }),
});

const session = z.object({
  id: z.string(),
  /** Whether it is the one that asks. */
  isCurrent: z.boolean(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: time,
  /** To the minute. */
  lastUsed: time,
  expiresAt: time,
});

/** Lists one's own sessions, the last used first. */
export const listSessions = route({
  method: "GET",
  path: "/api/v1/users/me/sessions",
  summary: "List your sessions",
  permission: own,
  audit: "list-sessions",
  reply: z.object({ sessions: z.array(session) }),
});

/** Ends one of one's own sessions. */
export const endSession = route({
  method: "DELETE",
  path: "/api/v1/users/me/sessions/:sessionId",
  summary: "End one of your sessions",
  permission: own,
  audit: "end-session",
  params: z.object({ sessionId: id }),
  reply: z.object({ message: z.string() }),
});

/** Ends one's own sessions but the one that asks. */
export const endOtherSessions = route({
  method: "DELETE",
  path: "/api/v1/users/me/sessions",
  summary: "End all your other sessions",
  permission: own,
  audit: "end-other-sessions",
  reply: z.object({ count: z.int() }),
});
