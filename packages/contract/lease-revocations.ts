/** Revoking many leases by one order: first a look at what it would end, then that and nothing else. Ours. */
import { z } from "zod";
import { id, line, time } from "./fields.ts";
import { leaseFilter, listedLease } from "./lease-lists.ts";
import { leaseLabels, leaseRight } from "./leases.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

const MOST_NAMED = 10_000;

const revocation = z
  .object({
    id: z.string(),
    count: z.int(),
    /** Proven gone. */
    gone: z.int(),
    pending: z.int(),
    /** An attempt has failed; it is tried on. */
    failed: z.int(),
    reason: z.string(),
    orderedAt: time,
  })
  .meta({ id: "LeaseRevocation" });

const dryRun = z
  .boolean()
  .nullish()
  .transform((value) => value ?? true);

/** Shows what an order would end, or gives it: a durable order over just what was shown. */
export const revokeLeases = route({
  method: "POST",
  path: "/api/v1/projects/:projectId/leases/revoke",
  summary: "Revoke many living leases of a project",
  permission: leaseRight("revoke"),
  audit: "revoke-leases",
  place: projectOf,
  params: inProject,
  body: z
    .object({
      leaseIds: z.array(id).min(1).max(MOST_NAMED, `must be at most ${MOST_NAMED} ids`).optional(),
      filter: z.object({ ...leaseFilter, labels: leaseLabels.optional() }).optional(),
      dryRun: dryRun.meta({ description: "Default: true. Only shows what would be revoked." }),
      digest: z
        .string()
        .regex(/^[0-9a-f]{64}$/, "must be the digest of a dry run")
        .optional(),
      reason: line(255)
        .nullish()
        .transform((text) => text ?? ""),
    })
    .refine(({ leaseIds, filter }) => (leaseIds === undefined) !== (filter === undefined), {
      path: ["filter"],
      message: "give either leaseIds or a filter; an empty filter is every living lease of the project",
    })
    .refine(({ dryRun, digest }) => dryRun || digest !== undefined, {
      path: ["digest"],
      message: "is required: ask with dryRun first, and send the digest of its answer",
    }),
  reply: z.union([
    z.object({
      revocation,
    }),
    z.object({
      count: z.int(),
      digest: z.string(),
      /** The first hundred. */
      leases: z.array(listedLease),
    }),
  ]),
});

/** How far an order is. */
export const getLeaseRevocation = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/leases/revocations/:revocationId",
  summary: "See how far an order to revoke leases is",
  permission: leaseRight("revoke"),
  audit: "get-lease-revocation",
  place: projectOf,
  params: z.object({ projectId: id, revocationId: id }),
  reply: z.object({ revocation }),
});
