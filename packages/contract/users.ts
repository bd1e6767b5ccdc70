/** People of the organization: who they are, what they may do there, and how they get a password. */
import { z } from "zod";
import { id, time, title } from "./fields.ts";
import { orgRole } from "./organizations.ts";
import { route } from "./route.ts";
import { password } from "./sessions.ts";

const SHORTEST = 12;
const LONGEST = 256;
/** Fewer different characters are no more than a pattern. */
const FEWEST_DIFFERENT = 5;

/** A password for somebody to set. Length is what counts; no kinds of characters are demanded. */
export const newPassword = z
  .string()
  .min(SHORTEST, `must be at least ${SHORTEST} characters`)
  .max(LONGEST, `must be at most ${LONGEST} characters`)
  .refine(
    (text) => new Set(text).size >= FEWEST_DIFFERENT,
    `must have at least ${FEWEST_DIFFERENT} different characters`,
  )
  .meta({ secret: true });

const user = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.string(),
  /** Whether this person may sign in. */
  isActive: z.boolean(),
  /** Whether the first link has not been used yet. */
  isInvited: z.boolean(),
  createdAt: time,
  updatedAt: time,
});

/** Shown this once. Whoever has it can set the person's password. */
const link = z.object({ token: z.string().meta({ secret: true }), expiresAt: time });

const email = z
  .string()
  .trim()
  .toLowerCase()
  .max(255, "must be at most 255 characters")
  .pipe(z.email("must be an e-mail address"));
const byUser = z.object({ userId: id });
const may = (action: "read" | "create" | "edit" | "delete") =>
  ({ scope: "organization", subject: "member", action }) as const;

/** Says who is signed in. */
export const getMe = route({
  method: "GET",
  path: "/api/v1/users/me",
  summary: "Get the person who is signed in",
  permission: { scope: "own" },
  audit: "get-me",
  reply: z.object({ user }),
});

/** Changes one's own password, and ends one's other sessions. */
export const changePassword = route({
  method: "POST",
  path: "/api/v1/users/me/password",
  summary: "Change your password",
  permission: { scope: "own" },
  audit: "change-password",
  body: z.object({ currentPassword: password.meta({ secret: true }), newPassword }),
  reply: z.object({ message: z.string() }),
});

/** Sets a password by a one-time link, and ends the person's sessions. */
export const acceptLink = route({
  method: "POST",
  path: "/api/v1/users/accept-link",
  summary: "Set your password by a one-time link",
  permission: { open: true },
  audit: "accept-user-link",
  body: z.object({ token: z.string().trim().min(1).max(1024).meta({ secret: true }), password: newPassword }),
  reply: z.object({ user }),
});

/** Lists everybody. */
export const listUsers = route({
  method: "GET",
  path: "/api/v1/organization/users",
  summary: "List the people of the organization",
  permission: may("read"),
  audit: "list-users",
  reply: z.object({ users: z.array(user) }),
});

/** Invites a person: the answer has the link by which they set their password, within seven days. */
export const inviteUser = route({
  method: "POST",
  path: "/api/v1/organization/users",
  summary: "Invite a person",
  permission: may("create"),
  audit: "invite-user",
  body: z.object({ email, name: title.optional(), role: orgRole.default("member") }),
  reply: z.object({ user, link }),
});

/** Reads one person. */
export const getUser = route({
  method: "GET",
  path: "/api/v1/organization/users/:userId",
  summary: "Get a person",
  permission: may("read"),
  audit: "get-user",
  params: byUser,
  reply: z.object({ user }),
});

/** Changes a person. To disable one ends their sessions and revokes their leases. The last admin stays. */
export const updateUser = route({
  method: "PATCH",
  path: "/api/v1/organization/users/:userId",
  summary: "Change, disable or enable a person",
  permission: may("edit"),
  audit: "update-user",
  params: byUser,
  body: z.object({ name: title.optional(), role: orgRole.optional(), isActive: z.boolean().optional() }),
  reply: z.object({ user }),
});

/** Deletes a person, and revokes their leases. The last admin stays. */
export const deleteUser = route({
  method: "DELETE",
  path: "/api/v1/organization/users/:userId",
  summary: "Delete a person",
  permission: may("delete"),
  audit: "delete-user",
  params: byUser,
  reply: z.object({ user }),
});

/** Makes a one-time link for a person who has lost theirs, or their password; older links are no good any more. */
export const createUserLink = route({
  method: "POST",
  path: "/api/v1/organization/users/:userId/link",
  summary: "Make a one-time link to set a password",
  permission: may("edit"),
  audit: "create-user-link",
  params: byUser,
  reply: z.object({ user, link }),
});

/** Ends every session of a person. */
export const endUserSessions = route({
  method: "DELETE",
  path: "/api/v1/organization/users/:userId/sessions",
  summary: "End all sessions of a person",
  permission: may("edit"),
  audit: "end-user-sessions",
  params: byUser,
  reply: z.object({ count: z.int() }),
});
