/** Machine identities: how they sign in. */
import { z } from "zod";
import { count, id, note, time, title } from "./fields.ts";
import { route } from "./route.ts";

const identity = z.object({
  id: z.string(),
  name: z.string(),
  hasDeleteProtection: z.boolean().default(false),
  authMethods: z.array(z.string()),
  metadata: z.array(z.object({ key: z.string(), value: z.string() })).default([]),
  createdAt: time,
  updatedAt: time,
});

const byIdentity = z.object({ identityId: id });
const edit = { scope: "organization", subject: "identity", action: "edit" } as const;

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
    role: z.enum(["admin", "member", "no-access"]).default("no-access"),
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

const seconds = count(315_360_000);
const anywhere = [
  { ipAddress: "0.0.0.0", prefix: 0, type: "ipv4" },
  { ipAddress: "::", prefix: 0, type: "ipv6" },
];
// A restriction that is not kept must not be accepted.
const trustedIps = z
  .array(z.object({ ipAddress: z.string().max(64) }))
  .max(64)
  .refine(
    (ips) => ips.every(({ ipAddress }) => ipAddress === "0.0.0.0/0" || ipAddress === "::/0"),
    'restricting addresses is not supported yet: leave this out, or give "0.0.0.0/0" and "::/0"',
  )
  .nullish();
const trustedIpsReply = z
  .array(z.object({ ipAddress: z.string(), type: z.string(), prefix: z.int().optional() }))
  .default(anywhere);

/** Lets an identity sign in by client id and client secret. */
export const attachUniversalAuth = route({
  method: "POST",
  path: "/api/v1/auth/universal-auth/identities/:identityId",
  summary: "Attach universal auth to a machine identity",
  permission: edit,
  audit: "add-identity-universal-auth",
  params: byIdentity,
  body: z.object({
    accessTokenTTL: seconds.min(1).default(2_592_000),
    accessTokenMaxTTL: seconds.min(1).default(2_592_000),
    accessTokenNumUsesLimit: count(1_000_000_000).default(0),
    clientSecretTrustedIps: trustedIps,
    accessTokenTrustedIps: trustedIps,
  }),
  reply: z.object({
    identityUniversalAuth: z.object({
      id: z.string(),
      clientId: z.string(),
      identityId: z.string(),
      accessTokenTTL: z.int(),
      accessTokenMaxTTL: z.int(),
      accessTokenNumUsesLimit: z.int(),
      clientSecretTrustedIps: trustedIpsReply,
      accessTokenTrustedIps: trustedIpsReply,
      createdAt: time,
      updatedAt: time,
    }),
  }),
});

/** Makes a client secret, which is shown this once. */
export const createClientSecret = route({
  method: "POST",
  path: "/api/v1/auth/universal-auth/identities/:identityId/client-secrets",
  summary: "Create a client secret",
  permission: edit,
  audit: "create-identity-universal-auth-client-secret",
  params: byIdentity,
  body: z.object({
    description: note(255),
    numUsesLimit: count(1_000_000_000).default(0),
    /** Seconds; 0 is without end. */
    ttl: seconds.default(0),
  }),
  reply: z.object({
    clientSecret: z.string().meta({ secret: true }),
    clientSecretData: z.object({
      id: z.string(),
      description: z.string(),
      clientSecretPrefix: z.string(),
      clientSecretNumUses: z.int(),
      clientSecretNumUsesLimit: z.int(),
      clientSecretTTL: z.int(),
      identityUAId: z.string(),
      isClientSecretRevoked: z.boolean(),
      createdAt: time,
      updatedAt: time,
    }),
  }),
});
