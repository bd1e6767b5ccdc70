/** Machine identities in a project. */
import { z } from "zod";
import { id, time } from "./fields.ts";
import { grantReply, grants, memberOf } from "./grants.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

const one = z.object({ projectId: id, identityId: id });
const may = <A extends "read" | "create" | "edit" | "delete">(action: A) =>
  ({ scope: "project", subject: "identity", action }) as const;

const short = z.object({ identityMembership: z.object({ id: z.string(), identityId: z.string() }) });
const membership = z
  .object({
    id: z.string(),
    identityId: z.string(),
    roles: z.array(grantReply),
    identity: z.object({
      id: z.string(),
      name: z.string(),
      hasDeleteProtection: z.boolean(),
      authMethods: z.array(z.string()),
    }),
    project: memberOf,
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "IdentityMembership" });

const path = "/api/v2/workspace/:projectId/identity-memberships/:identityId";

/** Makes an identity a member of a project. */
export const addIdentityMembership = route({
  method: "POST",
  path,
  summary: "Add a machine identity to a project",
  permission: may("create"),
  audit: "add-identity-to-project",
  place: projectOf,
  params: one,
  body: z.object({ roles: grants }),
  reply: short,
});

/** Lists the identities of a project. */
export const listIdentityMemberships = route({
  method: "GET",
  path: "/api/v2/workspace/:projectId/identity-memberships",
  summary: "List the machine identities of a project",
  permission: may("read"),
  audit: "list-identity-memberships",
  place: projectOf,
  params: inProject,
  reply: z.object({ identityMemberships: z.array(membership), totalCount: z.int() }),
});

/** Reads an identity's membership. */
export const getIdentityMembership = route({
  method: "GET",
  path,
  summary: "Get a machine identity's membership of a project",
  permission: may("read"),
  audit: "get-identity-membership",
  place: projectOf,
  params: one,
  reply: z.object({ identityMembership: membership }),
});

/** Gives an identity other roles. */
export const updateIdentityMembership = route({
  method: "PATCH",
  path,
  summary: "Change a machine identity's roles in a project",
  permission: may("edit"),
  audit: "update-identity-membership",
  place: projectOf,
  params: one,
  body: z.object({ roles: grants }),
  reply: z.object({ roles: z.array(grantReply), ...short.shape }),
});

/** Ends an identity's membership, and revokes its leases in the project. */
export const removeIdentityMembership = route({
  method: "DELETE",
  path,
  summary: "Remove a machine identity from a project",
  permission: may("delete"),
  audit: "remove-identity-from-project",
  place: projectOf,
  params: one,
  reply: short,
});
