/** Machine identities: how they sign in. */
import { z } from "zod";
import { id, metadata, time, title, unset } from "./fields.ts";
import { orgRole } from "./organizations.ts";
import { route } from "./route.ts";

const identity = z.object({
  id: z.string(),
  name: z.string(),
  hasDeleteProtection: z.boolean(),
  /** Ours: false stops it from signing in. */
  isActive: z.boolean(),
  authMethods: z.array(z.string()),
  metadata,
  createdAt: time,
  updatedAt: time,
});

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
  metadata,
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
