/** People in a project. */
import { z } from "zod";
import { id, line, slug, time } from "./fields.ts";
import { grantReply, grants, memberOf } from "./grants.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

const one = z.object({ projectId: id, membershipId: id });
const may = <A extends "read" | "create" | "edit" | "delete">(action: A) =>
  ({ scope: "project", subject: "member", action }) as const;

const membership = z
  .object({
    id: z.string(),
    userId: z.string(),
    projectId: z.string(),
    roles: z.array(grantReply),
    user: z.object({ id: z.string(), email: z.string(), username: z.string(), firstName: z.string() }),
    project: memberOf,
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "UserMembership" });
const memberships = z.object({ memberships: z.array(membership) });

// The user name of a person is the e-mail address: both lists are one.
const people = {
  emails: z.array(line(255).min(1)).max(100).default([]),
  usernames: z.array(line(255).min(1)).max(100).default([]),
};
const somebody = ({ emails, usernames }: { emails: string[]; usernames: string[] }) =>
  emails.length + usernames.length > 0;
const nobody = { path: ["emails"], message: "must name at least one person" };

// What lease-only leases cannot be said here: it is given by a change of the membership.
const roleSlugs = z
  .array(slug.refine((given) => given !== "lease-only", "must not be lease-only, which needs secrets: change it later"))
  .min(1, "must name at least one role")
  .max(16, "must be at most 16 roles")
  .default(["member"]);

const path = "/api/v1/projects/:projectId/memberships";

const add = {
  method: "POST",
  summary: "Add people to a project",
  permission: may("create"),
  audit: "add-users-to-project",
  place: projectOf,
  params: inProject,
  body: z.object({ ...people, roleSlugs }).refine(somebody, nobody),
  reply: memberships,
} as const;

/** Makes people members of a project. */
export const addUserMemberships = route({ ...add, path });
/** The same, version 2, as the Node SDK invites. */
export const addUserMembershipsV2 = route({ ...add, path: "/api/v2/workspace/:projectId/memberships" });

/** Lists the people of a project. */
export const listUserMemberships = route({
  method: "GET",
  path,
  summary: "List the people of a project",
  permission: may("read"),
  audit: "list-user-memberships",
  place: projectOf,
  params: inProject,
  reply: memberships,
});

/** Reads a person's membership. */
export const getUserMembership = route({
  method: "GET",
  path: `${path}/:membershipId`,
  summary: "Get a person's membership of a project",
  permission: may("read"),
  audit: "get-user-membership",
  place: projectOf,
  params: one,
  reply: z.object({ membership }),
});

/** Gives a person other roles. */
export const updateUserMembership = route({
  method: "PATCH",
  path: `${path}/:membershipId`,
  summary: "Change a person's roles in a project",
  permission: may("edit"),
  audit: "update-user-membership",
  place: projectOf,
  params: one,
  body: z.object({ roles: grants }),
  reply: z.object({ roles: z.array(grantReply) }),
});

/** Ends the memberships of people, and revokes their leases in the project. */
export const removeUserMemberships = route({
  method: "DELETE",
  path,
  summary: "Remove people from a project",
  permission: may("delete"),
  audit: "remove-users-from-project",
  place: projectOf,
  params: inProject,
  body: z.object(people).refine(somebody, nobody),
  reply: memberships,
});
