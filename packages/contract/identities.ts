/** Machine identities: how they sign in, and what they may do in a project. */
import { z } from "zod";
import { id, metadata, slug, time, title, unset } from "./fields.ts";
import { path } from "./paths.ts";
import { route } from "./route.ts";

const identity = z.object({
  id: z.string(),
  name: z.string(),
  hasDeleteProtection: z.boolean(),
  /** Ours: false stops it from signing in. */
  isActive: z.boolean(),
  authMethods: z.array(z.string()),
  metadata: z.array(z.object({ key: z.string(), value: z.string() })),
  createdAt: time,
  updatedAt: time,
});

const orgRole = z.enum(["admin", "member", "no-access"]);
const byIdentity = z.object({ identityId: id });

/** Creates an identity. It cannot sign in before it has an auth method. */
export const createIdentity = route({
  method: "POST",
  path: "/api/v1/identities",
  summary: "Create a machine identity",
  permission: { scope: "organization", subject: "identity", action: "create" },
  audit: "create-identity",
  body: z.object({
    name: title,
    organizationId: id,
    role: orgRole.default("no-access"),
    hasDeleteProtection: z.boolean().default(false),
    metadata: metadata.default([]),
  }),
  reply: z.object({ identity }),
});

const inOrganization = z.object({
  id: z.string(),
  role: z.string(),
  orgId: z.string(),
  metadata: z.array(z.object({ key: z.string(), value: z.string() })),
  identity,
});

/** Lists the identities of the organization. */
export const listIdentities = route({
  method: "GET",
  path: "/api/v1/identities",
  summary: "List machine identities",
  permission: { scope: "organization", subject: "identity", action: "read" },
  audit: "list-identities",
  reply: z.object({ identities: z.array(inOrganization), totalCount: z.int() }),
});

/** Says which organization the caller belongs to. */
export const getIdentityDetails = route({
  method: "GET",
  path: "/api/v1/identities/details",
  summary: "Get the caller's organization",
  permission: { scope: "own" },
  audit: "get-identity-details",
  reply: z.object({
    identityDetails: z.object({ organization: z.object({ id: z.string(), name: z.string(), slug: z.string() }) }),
  }),
});

/** Reads an identity; Terraform wants it nested twice. */
export const getIdentity = route({
  method: "GET",
  path: "/api/v1/identities/:identityId",
  summary: "Get a machine identity",
  permission: { scope: "organization", subject: "identity", action: "read" },
  audit: "get-identity",
  params: byIdentity,
  reply: z.object({ identity: inOrganization }),
});

/** Changes what is given. To disable an identity refuses its tokens at once and revokes its leases. */
export const updateIdentity = route({
  method: "PATCH",
  path: "/api/v1/identities/:identityId",
  summary: "Change, disable or enable a machine identity",
  permission: { scope: "organization", subject: "identity", action: "edit" },
  audit: "update-identity",
  params: byIdentity,
  body: z.object({
    name: unset(title),
    role: unset(orgRole),
    hasDeleteProtection: z.boolean().optional(),
    metadata: metadata.optional(),
    isActive: z.boolean().optional(),
  }),
  reply: z.object({ identity }),
});

/** Deletes an identity with all its credentials, and revokes its leases. */
export const deleteIdentity = route({
  method: "DELETE",
  path: "/api/v1/identities/:identityId",
  summary: "Delete a machine identity",
  permission: { scope: "organization", subject: "identity", action: "delete" },
  audit: "delete-identity",
  params: byIdentity,
  reply: z.object({ identity }),
});

// A temporary role that was stored as a lasting one would be a false promise.
const lasting = z.literal(false, "temporary roles are not supported: must be false").default(false);

/** What a member of a project is allowed. `lease-only` is ours: lease the named dynamic secrets, and nothing else. */
export const role = z.discriminatedUnion("role", [
  z.object({ role: z.literal("admin"), isTemporary: lasting }),
  z.object({ role: z.literal("member"), isTemporary: lasting }),
  z.object({ role: z.literal("viewer"), isTemporary: lasting }),
  z.object({ role: z.literal("no-access"), isTemporary: lasting }),
  z.object({
    role: z.literal("lease-only"),
    isTemporary: lasting,
    secrets: z
      .array(z.object({ environment: slug, path, name: slug.toLowerCase() }))
      .min(1, "must name at least one dynamic secret")
      .max(100, "must be at most 100 dynamic secrets"),
  }),
]);

const membership = z.object({ projectId: id, identityId: id });
const membershipReply = z.object({ identityMembership: z.object({ id: z.string(), identityId: z.string() }) });

/** Makes an identity a member of a project. */
export const addIdentityMembership = route({
  method: "POST",
  path: "/api/v2/workspace/:projectId/identity-memberships/:identityId",
  summary: "Add a machine identity to a project",
  permission: { scope: "project", subject: "identity", action: "create" },
  audit: "add-identity-to-project",
  place: ({ params }) => ({ project: { id: params.projectId } }),
  params: membership,
  body: z.object({ roles: z.array(role).min(1, "must name at least one role").max(16) }),
  reply: membershipReply,
});

/** Ends an identity's membership, and revokes its leases in the project. */
export const removeIdentityMembership = route({
  method: "DELETE",
  path: "/api/v2/workspace/:projectId/identity-memberships/:identityId",
  summary: "Remove a machine identity from a project",
  permission: { scope: "project", subject: "identity", action: "delete" },
  audit: "remove-identity-from-project",
  place: ({ params }) => ({ project: { id: params.projectId } }),
  params: membership,
  reply: membershipReply,
});
