/** Leases over several dynamic secrets, newest first: of a project, and of the whole organization. Ours. */
import { z } from "zod";
import { id, time, unset } from "./fields.ts";
import { lease } from "./leases.ts";
import { route } from "./route.ts";

/** A lease and where it hangs; what has been deleted is told as it was. */
const listedLease = lease
  .extend({
    projectId: z.string(),
    projectSlug: z.string().nullable(),
    environmentSlug: z.string().nullable(),
    path: z.string().nullable(),
    dynamicSecretName: z.string(),
    type: z.string(),
    /** Host and port of the target. */
    target: z.string(),
    owner: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
    /** When somebody let go of it by force, its account not being proven gone. */
    leftBehindAt: time.nullable(),
  })
  .meta({ id: "ListedLease" });

/** Which leases a list has. `failed`: an attempt at the end has failed, or it is left behind. */
export const leaseState = z.enum(["live", "revoking", "failed", "left-behind"]);

const whole = /^[1-9]\d{0,2}$/;
const query = z.object({
  state: unset(leaseState),
  limit: unset(
    z.string().regex(whole).transform(Number).pipe(z.int().max(100, "must be a whole number from 1 to 100")),
  ),
  /** `nextCursor` of the page before. */
  cursor: unset(
    z.string().regex(/^\d{1,17}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be the nextCursor of a page"),
  ),
});
const reply = z.object({ leases: z.array(listedLease), nextCursor: z.string().nullable() });

/** Lists the leases of a project that have not ended, of those that the caller may see. */
export const listProjectLeases = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/leases",
  summary: "List the leases of a project",
  permission: { scope: "project", subject: "dynamic-secrets", action: "lease-read" },
  audit: "list-project-leases",
  place: ({ params }) => ({ project: { id: params.projectId } }),
  params: z.object({ projectId: id }),
  query,
  reply,
});

/** The same of all projects, also of those that have been deleted while accounts of them are not proven gone. */
export const listOrganizationLeases = route({
  method: "GET",
  path: "/api/v1/organization/leases",
  summary: "List the leases of all projects, also of deleted ones",
  permission: { scope: "organization", subject: "audit-logs", action: "read" },
  audit: "list-organization-leases",
  query,
  reply,
});
