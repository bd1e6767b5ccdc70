/** The audit trail, from outside. */
import { z } from "zod";
import { id, line, moment, pageLimit, time, unset } from "./fields.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

const place = z.string().regex(/^[1-9]\d{0,17}$/, "must be a place in the trail: a whole number from 1");
const filter = {
  actorId: unset(id),
  event: unset(line(64)),
  leaseId: unset(id),
  search: unset(line(255)).meta({ description: "Part of any text in the row, in any case." }),
  startDate: unset(moment),
  endDate: unset(moment).meta({ description: "Rows before it." }),
  limit: unset(pageLimit),
  cursor: unset(place).meta({ description: "`nextCursor` of the page before." }),
};

const reply = z.object({
  auditLogs: z.array(
    z
      .object({
        /** Its place in the chain. */
        sequence: z.string(),
        event: z.string(),
        outcome: z.string(),
        actor: z.object({ type: z.string(), id: z.string().nullable(), name: z.string() }),
        projectId: z.string().nullable(),
        reqId: z.string(),
        ipAddress: z.string().nullable(),
        userAgent: z.string().nullable(),
        metadata: z.record(z.string(), z.unknown()),
        createdAt: time,
        hash: z.string(),
      })
      .meta({ id: "AuditLog" }),
  ),
  nextCursor: z.string().nullable().meta({
    description:
      "A page examines a stretch of the trail: it may hold less than was asked for, or nothing, and have one after it.",
  }),
});

/** Reads the audit trail, newest first. A row is in it about a second after what it records. */
export const listAuditLogs = route({
  method: "GET",
  path: "/api/v1/audit-logs",
  summary: "Read the audit trail",
  permission: { scope: "organization", subject: "audit-logs", action: "read" },
  audit: "list-audit-logs",
  query: z.object({ projectId: unset(id), ...filter }),
  reply,
});

/** The same of one project, for who may read no more. */
export const listProjectAuditLogs = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/audit-logs",
  summary: "Read the audit trail of a project",
  permission: { scope: "project", subject: "audit-logs", action: "read" },
  audit: "list-audit-logs",
  place: projectOf,
  params: inProject,
  query: z.object(filter),
  reply,
});

/** Checks every row and every link of the audit trail, or of a part of it. Reads only. */
export const verifyAuditLogs = route({
  method: "GET",
  path: "/api/v1/audit-logs/verify",
  summary: "Check the audit trail for changes",
  permission: { scope: "organization", subject: "audit-logs", action: "read" },
  audit: "verify-audit-logs",
  query: z.object({
    from: unset(place).meta({ description: "The first place that is checked. Absent: the beginning." }),
    to: unset(place).meta({ description: "The last one. Absent: the end, and what is not yet linked." }),
  }),
  reply: z.object({
    ok: z.boolean(),
    /** Rows that are linked into the chain, and rows so young that they are not yet. */
    rows: z.int(),
    unlinked: z.int(),
    /** What was checked; null where there was nothing. */
    from: z.string().nullable(),
    to: z.string().nullable(),
    head: z.object({ sequence: z.string(), hash: z.string() }).nullable(),
    firstBreak: z.object({ sequence: z.string().nullable(), eventId: z.string(), what: z.string() }).nullable(),
  }),
});
