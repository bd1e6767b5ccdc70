/** The audit trail, from outside. */
import { z } from "zod";
import { route } from "./route.ts";

/** Checks every row and every link of the audit trail. Reads only. */
export const verifyAuditLogs = route({
  method: "GET",
  path: "/api/v1/audit-logs/verify",
  summary: "Check the whole audit trail for changes",
  permission: { scope: "organization", subject: "audit-logs", action: "read" },
  audit: "verify-audit-logs",
  reply: z.object({
    ok: z.boolean(),
    /** Rows that are linked into the chain, and rows so young that they are not yet. */
    rows: z.int(),
    unlinked: z.int(),
    head: z.object({ sequence: z.string(), hash: z.string() }).nullable(),
    firstBreak: z.object({ sequence: z.string().nullable(), eventId: z.string(), what: z.string() }).nullable(),
  }),
});
