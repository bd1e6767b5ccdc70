/** Leases: each is one issued credential. */
import { z } from "zod";
import { dynamicSecret, dynamicSecretName } from "./dynamic-secrets.ts";
import { id, storedObject, time } from "./fields.ts";
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

const permission = { scope: "project", subject: "dynamic-secrets", action: "lease" } as const;
const byId = z.object({ leaseId: id });

/** Issues a credential. */
export const createLease = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/leases",
  summary: "Create a lease",
  permission,
  audit: "create-dynamic-secret-lease",
  place: ({ body }) => ({ ...whereOf(body), name: body.dynamicSecretName }),
  body: inFolder({
    dynamicSecretName,
    ttl: optionalTtl,
    config: storedObject.nullish().transform((config) => config ?? {}),
  }),
  reply: z.object({
    lease,
    dynamicSecret,
    data: z.record(z.string(), z.string()).meta({ secret: true }),
  }),
});

/** Moves a lease's end: the new one is the old one plus the TTL. */
export const renewLease = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/leases/:leaseId/renew",
  summary: "Renew a lease",
  permission,
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
  permission,
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
  permission,
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
  permission,
  audit: "list-dynamic-secret-leases",
  place: ({ params, query }) => ({ ...whereOf(query), name: params.name }),
  params: z.object({ name: dynamicSecretName }),
  query: inFolder({}),
  reply: z.object({ leases: z.array(lease) }),
});
