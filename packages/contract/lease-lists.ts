/** Leases over several dynamic secrets, newest first: of a project, and of the whole organization; and their history. Ours. */
import { z } from "zod";
import { id, line, moment, pageLimit, slug, time, unset } from "./fields.ts";
import { lease, leaseRight } from "./leases.ts";
import { path } from "./paths.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

/** A lease and where it hangs; what has been deleted is told as it was. */
export const listedLease = lease
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
    purpose: z.string().nullable().default(null),
    ticket: z.string().nullable().default(null),
    labels: z.record(z.string(), z.string()).default({}),
    /** When somebody let go of it by force, its account not being proven gone. */
    leftBehindAt: time.nullable(),
    /** Why it ended or ends. */
    reason: z.string().nullable().default(null),
    /** When its end began. */
    endedAt: time.nullable().default(null),
    /** When its account was proven gone. */
    verifiedGoneAt: time.nullable().default(null),
  })
  .meta({ id: "ListedLease" });

/** Which leases a list has. `failed`: an attempt at the end has failed, or it is left behind. `ended`: proven gone. */
export const leaseState = z.enum(["live", "revoking", "failed", "left-behind", "ended", "all"]);

/** What leases are narrowed by; all of it holds. */
export const leaseFilter = {
  environmentSlug: unset(slug),
  path: unset(path).meta({ description: "This folder and those below." }),
  dynamicSecretName: unset(slug.toLowerCase()),
  type: unset(slug),
  target: unset(line(300)).meta({ description: "Host and port, as leases show it." }),
  identityId: unset(id).meta({ description: "Whose they are." }),
  search: unset(line(255)).meta({
    description: "The beginning of the account's name or of its holder's, in any case, or the whole id of the lease.",
  }),
  expiresBefore: unset(moment),
  createdBefore: unset(moment),
};

const paged = {
  limit: unset(pageLimit),
  /** `nextCursor` of the page before. */
  cursor: unset(
    z.string().regex(/^\d{1,17}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be the nextCursor of a page"),
  ),
};
const query = z.object({ state: unset(leaseState), ...leaseFilter, ...paged });
const page = { leases: z.array(listedLease), nextCursor: z.string().nullable() };

/** More are not counted. */
export const MOST_COUNTED = 10_000;

/** Lists the leases of a project, of those that the caller may see. */
export const listProjectLeases = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/leases",
  summary: "List the leases of a project",
  permission: leaseRight("read"),
  audit: "list-project-leases",
  place: projectOf,
  params: inProject,
  query,
  reply: z.object({
    ...page,
    totalCount: z
      .int()
      .nullable()
      .default(null)
      .meta({
        description: `How many there are on all pages; ${MOST_COUNTED} also stands for more. Null for who does not see all of them.`,
      }),
  }),
});

/** Reads one lease of a project and all that is known of it, long after it has ended. */
export const getProjectLease = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/leases/:leaseId",
  summary: "Get a lease and its history, also when it has ended",
  permission: leaseRight("read"),
  audit: "get-project-lease",
  place: ({ params }) => ({ ...projectOf({ params }), leaseId: params.leaseId }),
  params: z.object({ projectId: id, leaseId: id }),
  reply: z.object({
    lease: listedLease.extend({
      endedBy: z.string().nullable(),
      proof: z.object({ how: z.string(), at: time, node: z.string() }).nullable(),
      sourceIp: z.string().nullable(),
      userAgent: z.string().nullable(),
      sessionsKilled: z.int(),
      attempts: z.int(),
      replaces: z.string().nullable(),
      replacedBy: z.string().nullable(),
    }),
  }),
});

/** The same of all projects, also of those that have been deleted while accounts of them are not proven gone. */
export const listOrganizationLeases = route({
  method: "GET",
  path: "/api/v1/organization/leases",
  summary: "List the leases of all projects, also of deleted ones",
  permission: { scope: "organization", subject: "audit-logs", action: "read" },
  audit: "list-organization-leases",
  query,
  reply: z.object(page),
});
