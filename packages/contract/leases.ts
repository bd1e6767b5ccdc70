/** Leases: each is one issued credential. */
import { z } from "zod";
import { dynamicSecret, dynamicSecretName } from "./dynamic-secrets.ts";
import { id, line, storedObject, time, unset } from "./fields.ts";
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
    beatBy: time.optional().meta({ description: "Only with a heartbeat: until when the next beat has to come." }),
  })
  .meta({ id: "Lease" });

const LABEL = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
/** Labels of a lease: what it can be found by. */
export const leaseLabels = z
  .record(z.string(), line(255))
  // Not a schema of the key: its issue would have the key in its path, however long that is.
  .refine(
    (labels) => Object.keys(labels).every((key) => LABEL.test(key)),
    'must have names of 1 to 63 letters, digits, ".", "_", "/" or "-"',
  )
  .refine((labels) => Object.keys(labels).length <= 16, "must be at most 16 labels");

/** The right to one act around leases. */
export function leaseRight<A extends "create" | "read" | "renew" | "revoke">(act: A) {
  return { scope: "project", subject: "dynamic-secrets", action: `lease-${act}` } as const;
}

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

const heartbeat = optionalTtl
  .refine(
    (ttl) => ttl === null || (ttl.seconds >= 10 && ttl.seconds <= 3_600),
    'must be from 10s to 1h, for example "30s"',
  )
  .meta({ description: "From 10s to 1h. A beat is then expected so often; two missed ones end the lease." });
const LONGEST_GRACE = 3_600;
const grace = optionalTtl
  .refine((ttl) => ttl === null || ttl.seconds <= LONGEST_GRACE, 'must be at most 1h, for example "60s"')
  .meta({ description: "For how long the old lease goes on at most. Absent: 60s." });

const issued = z.object({
  lease,
  dynamicSecret,
  data: z.record(z.string(), z.string()).meta({ secret: true }),
  ready: z.boolean().optional().meta({
    description:
      "Only where something was waited for: whether the account is known to work. The lease stands either way.",
  }),
  readyAfterMs: z.int().optional().meta({ description: "How long that took, or was waited for in vain." }),
});

/** Issues a credential. */
export const createLease = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/leases",
  summary: "Create a lease",
  idempotencyKey: true,
  permission: leaseRight("create"),
  audit: "create-dynamic-secret-lease",
  place: ({ body }) => ({ ...whereOf(body), name: body.dynamicSecretName }),
  body: inFolder({
    dynamicSecretName,
    ttl: optionalTtl,
    config: storedObject.nullish().transform((config) => config ?? {}),
    wait,
    waitFor,
    heartbeat,
    purpose: unset(line(255)).meta({ description: "What it is for; shown with the lease." }),
    ticket: unset(line(255)).meta({ description: "Where that is written down; shown with the lease." }),
    labels: unset(leaseLabels),
  }),
  reply: issued,
});

/** Hands a lease over: a new one is issued, and the old one ends soon after; who asks needs the rights to both acts. */
export const rotateLease = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/leases/:leaseId/rotate",
  summary: "Hand a lease over to a new one",
  permission: leaseRight("revoke"),
  audit: "rotate-dynamic-secret-lease",
  place: ({ params, body }) => ({ ...whereOf(body), leaseId: params.leaseId }),
  params: byId,
  body: inFolder({ ttl: optionalTtl, grace }),
  reply: issued,
});

/** Says that a lease's holder is there. Two beats missed, and it is revoked. */
export const beatLease = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/leases/:leaseId/beat",
  summary: "Keep a lease with a heartbeat",
  permission: leaseRight("renew"),
  audit: "beat-dynamic-secret-lease",
  place: ({ params, body }) => ({ ...whereOf(body), leaseId: params.leaseId }),
  params: byId,
  body: inFolder({}),
  reply: z.object({ lease }),
});

/** Moves a lease's end: the new one is the old one plus the TTL. */
export const renewLease = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/leases/:leaseId/renew",
  summary: "Renew a lease",
  idempotencyKey: true,
  permission: leaseRight("renew"),
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
  permission: leaseRight("revoke"),
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
  permission: leaseRight("read"),
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
  permission: leaseRight("read"),
  audit: "list-dynamic-secret-leases",
  place: ({ params, query }) => ({ ...whereOf(query), name: params.name }),
  params: z.object({ name: dynamicSecretName }),
  query: inFolder({}),
  reply: z.object({ leases: z.array(lease) }),
});
