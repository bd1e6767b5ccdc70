/** Universal auth: what a machine identity signs in with, from where, and how long what it gets lasts. */
import { z } from "zod";
import { count, id, note, time } from "./fields.ts";
import { route } from "./route.ts";

const path = "/api/v1/auth/universal-auth/identities/:identityId" as const;
const byIdentity = z.object({ identityId: id });
const bySecret = z.object({ identityId: id, clientSecretId: id });
const edit = { scope: "organization", subject: "identity", action: "edit" } as const;
const read = { scope: "organization", subject: "identity", action: "read" } as const;

const seconds = count(315_360_000);
const uses = count(1_000_000_000);

const address = z.union(
  [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
  'must be an address or a range, such as "10.0.0.0/8" or "2001:db8::/32"',
);
const trustedIps = z
  .array(
    z.object({
      ipAddress: z
        .string()
        .trim()
        .max(64)
        .pipe(address)
        // Callers by IPv4 are compared as such, so this one would never match.
        .refine((text) => !/^::ffff:/i.test(text), "must be written as IPv4"),
    }),
  )
  .min(1, "must name at least one address; leave it out for anywhere")
  .max(64, "must be at most 64 addresses")
  .nullish();
const trustedIpsReply = z.array(
  z.object({ ipAddress: z.string(), type: z.enum(["ipv4", "ipv6"]), prefix: z.int().optional() }),
);

const universalAuth = z.object({
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
});

interface Lifetimes {
  accessTokenTTL?: number;
  accessTokenMaxTTL?: number;
}

/** A lifetime above the greatest age, where both are given, would be a false promise. */
function withinMax({ accessTokenTTL: ttl, accessTokenMaxTTL: max }: Lifetimes): boolean {
  return ttl === undefined || max === undefined || ttl <= max;
}
const tooLong = { message: "must not be longer than accessTokenMaxTTL", path: ["accessTokenTTL"] };

/** Lets an identity sign in by client id and client secret. */
export const attachUniversalAuth = route({
  method: "POST",
  path,
  summary: "Attach universal auth to a machine identity",
  permission: edit,
  audit: "add-identity-universal-auth",
  params: byIdentity,
  body: z
    .object({
      accessTokenTTL: seconds.min(1).default(2_592_000),
      accessTokenMaxTTL: seconds.min(1).default(2_592_000),
      accessTokenNumUsesLimit: uses.default(0),
      clientSecretTrustedIps: trustedIps,
      accessTokenTrustedIps: trustedIps,
    })
    .refine(withinMax, tooLong),
  reply: universalAuth,
});

/** Reads how an identity signs in. */
export const getUniversalAuth = route({
  method: "GET",
  path,
  summary: "Get the universal auth of a machine identity",
  permission: read,
  audit: "get-identity-universal-auth",
  params: byIdentity,
  reply: universalAuth,
});

/** Changes what is given; null addresses are anywhere. Tokens that are out keep their lifetimes, addresses hold at once. */
export const updateUniversalAuth = route({
  method: "PATCH",
  path,
  summary: "Change the universal auth of a machine identity",
  permission: edit,
  audit: "update-identity-universal-auth",
  params: byIdentity,
  body: z
    .object({
      accessTokenTTL: seconds.min(1).optional(),
      accessTokenMaxTTL: seconds.min(1).optional(),
      accessTokenNumUsesLimit: uses.optional(),
      clientSecretTrustedIps: trustedIps,
      accessTokenTrustedIps: trustedIps,
    })
    .refine(withinMax, tooLong),
  reply: universalAuth,
});

/** Takes universal auth away, with its client secrets and the tokens they were exchanged for. Leases stay. */
export const detachUniversalAuth = route({
  method: "DELETE",
  path,
  summary: "Take universal auth away from a machine identity",
  permission: edit,
  audit: "delete-identity-universal-auth",
  params: byIdentity,
  reply: universalAuth,
});

const clientSecretData = z.object({
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
});

/** Makes a client secret, which is shown this once. */
export const createClientSecret = route({
  method: "POST",
  path: `${path}/client-secrets`,
  summary: "Create a client secret",
  permission: edit,
  audit: "create-identity-universal-auth-client-secret",
  params: byIdentity,
  body: z.object({
    description: note(255),
    numUsesLimit: uses.default(0),
    /** Seconds; 0 is without end. */
    ttl: seconds.default(0),
  }),
  reply: z.object({ clientSecret: z.string().meta({ secret: true }), clientSecretData }),
});

/** Lists client secrets, newest first, by what can be shown of them. */
export const listClientSecrets = route({
  method: "GET",
  path: `${path}/client-secrets`,
  summary: "List client secrets",
  permission: read,
  audit: "get-identity-universal-auth-client-secrets",
  params: byIdentity,
  reply: z.object({ clientSecretData: z.array(clientSecretData) }),
});

/** Reads what can be shown of a client secret. */
export const getClientSecret = route({
  method: "GET",
  path: `${path}/client-secrets/:clientSecretId`,
  summary: "Get a client secret's data",
  permission: read,
  audit: "get-identity-universal-auth-client-secret",
  params: bySecret,
  reply: z.object({ clientSecretData }),
});

/** Revokes a client secret, and the tokens it was exchanged for. */
export const revokeClientSecret = route({
  method: "POST",
  path: `${path}/client-secrets/:clientSecretId/revoke`,
  summary: "Revoke a client secret",
  permission: edit,
  audit: "revoke-identity-universal-auth-client-secret",
  params: bySecret,
  reply: z.object({ clientSecretData }),
});
