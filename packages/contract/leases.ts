/** Leases: each is one issued credential. */
import { z } from "zod";
import { dynamicSecret, dynamicSecretName } from "./dynamic-secrets.ts";
import { id, storedObject, time, unset } from "./fields.ts";
import { isForced } from "./removal.ts";
import { route } from "./route.ts";
import { optionalTtl } from "./ttl.ts";
import { inFolder, whereOf } from "./where.ts";

/** A lease as it leaves. Its credential is not part of it: that is shown once, beside the lease, when it is created. */
export const lease = z
  .object({
    id: z.string(),
    version: z.int(),
    /** The name of the account in the target. */
    externalEntityId: z.string(),
    expireAt: time,
    status: z.string().nullable(),
    statusDetails: z.string().nullable(),
    dynamicSecretId: z.string(),
    createdAt: time,
    updatedAt: time,
    config: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "Lease" });

const may = <A extends "create" | "read" | "renew" | "revoke">(act: A) =>
  ({ scope: "project", subject: "dynamic-secrets", action: `lease-${act}` }) as const;
const byId = z.object({ leaseId: id });
const LONGEST_WAIT = 60;
const wait = unset(z.enum(["none", "api", "login"], 'must be "none", "api" or "login"')).meta({
  description:
    "What is waited for before the account is handed out: nothing, its control plane's word, or a login with it. Absent: as the dynamic secret is configured.",
});
const waitFor = optionalTtl
  .refine((ttl) => ttl === null || ttl.seconds <= LONGEST_WAIT, `must be at most ${LONGEST_WAIT}s, for example "30s"`)
  .meta({
    description: `How long at most, up to ${LONGEST_WAIT}s. Absent: 10s, or, where only the dynamic secret asks, so that the answer is there within 10s.`,
  });

/** Issues a credential. */
export const createLease = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/leases",
  summary: "Create a lease",
  idempotencyKey: true,
  permission: may("create"),
  audit: "create-dynamic-secret-lease",
  place: ({ body }) => ({ ...whereOf(body), name: body.dynamicSecretName }),
  body: inFolder({
    dynamicSecretName,
    ttl: optionalTtl,
    config: storedObject.nullish().transform((config) => config ?? {}),
    wait,
    waitFor,
  }),
  reply: z.object({
    lease,
    dynamicSecret,
    data: z.record(z.string(), z.string()).meta({ secret: true }),
    ready: z.boolean().optional().meta({
      description:
        "Only where something was waited for: whether the account is known to work. The lease stands either way.",
    }),
    readyAfterMs: z.int().optional().meta({ description: "How long that took, or was waited for in vain." }),
  }),
});

/** Moves a lease's end: the new one is the old one plus the TTL. */
export const renewLease = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/leases/:leaseId/renew",
  summary: "Renew a lease",
  idempotencyKey: true,
  permission: may("renew"),
  audit: "renew-dynamic-secret-lease",
  place: ({ params, body }) => ({ ...whereOf(body), leaseId: params.leaseId }),
  params: byId,
  body: inFolder({ ttl: optionalTtl }),
  reply: z.object({ lease }),
});

/** Revokes a lease. Success means that its credential is gone, also by force: what cannot be ended is then left behind. */
export const deleteLease = route({
  method: "DELETE",
  path: "/api/v1/dynamic-secrets/leases/:leaseId",
  summary: "Revoke a lease",
  permission: may("revoke"),
  audit: "delete-dynamic-secret-lease",
  place: ({ params, body }) => ({ ...whereOf(body), leaseId: params.leaseId }),
  params: byId,
  body: inFolder({ isForced }),
  reply: z.object({ lease }),
});

/** Reads a lease that has not ended. */
export const getLease = route({
  method: "GET",
  path: "/api/v1/dynamic-secrets/leases/:leaseId",
  summary: "Get a lease",
  permission: may("read"),
  audit: "get-dynamic-secret-lease",
  place: ({ params, query }) => ({ ...whereOf(query), leaseId: params.leaseId }),
  params: byId,
  query: inFolder({}),
  reply: z.object({ lease: lease.extend({ dynamicSecret }) }),
});

/** Lists the leases of a dynamic secret that have not ended. */
export const listLeases = route({
  method: "GET",
  path: "/api/v1/dynamic-secrets/:name/leases",
  summary: "List the leases of a dynamic secret",
  permission: may("read"),
  audit: "list-dynamic-secret-leases",
  place: ({ params, query }) => ({ ...whereOf(query), name: params.name }),
  params: z.object({ name: dynamicSecretName }),
  query: inFolder({}),
  reply: z.object({ leases: z.array(lease) }),
});
