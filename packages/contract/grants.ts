/** What a member is given: roles, each for good or for a time. */
import { z } from "zod";
import { slug, time, unset } from "./fields.ts";
import { path } from "./paths.ts";
import { readTtl, ttlExample, ttlProblem } from "./ttl.ts";

/** A grant that was read. */
interface RoleGiven {
  role: string;
  secrets?: { environment: string; path: string; name: string }[];
  /** ISO 8601; `range` as it was given. */
  temporary?: { range: string; start: string; end: string };
}

/**
 * One role of a member, built-in or the project's own. `lease-only` is ours: lease the named dynamic secrets, and nothing
 * else. Official clients send the temporary fields of a lasting role too, as "" or the time of the day.
 */
export const grant = z
  .object({
    role: slug,
    secrets: z
      .array(z.object({ environment: slug, path, name: slug.toLowerCase() }))
      .min(1, "must name at least one dynamic secret")
      .max(100, "must be at most 100 dynamic secrets")
      .optional(),
    isTemporary: z.boolean().nullish(),
    temporaryMode: unset(z.literal("relative", 'must be "relative"')),
    temporaryRange: unset(z.string().max(64)),
    temporaryAccessStartTime: unset(z.iso.datetime({ offset: true, error: "must be a time in ISO 8601" })),
  })
  .transform((given, context): RoleGiven => {
    const { role, secrets, isTemporary, temporaryRange, temporaryAccessStartTime } = given;
    const wrong = (field: string, message: string) => context.addIssue({ code: "custom", path: [field], message });
    if (role === "lease-only" && secrets === undefined) wrong("secrets", "must name at least one dynamic secret");
    if (role !== "lease-only" && secrets !== undefined) wrong("secrets", 'goes with the role "lease-only" only');
    const read: RoleGiven = { role, ...(secrets && { secrets }) };
    if (!isTemporary) return read;
    const seconds = readTtl(temporaryRange ?? "");
    const problem = seconds === null ? ttlExample.replace("TTL must be", "must be") : ttlProblem(seconds);
    if (problem !== null) wrong("temporaryRange", problem);
    if (temporaryAccessStartTime === undefined) wrong("temporaryAccessStartTime", "is required of a temporary role");
    if (problem !== null || temporaryAccessStartTime === undefined) return read;
    const start = new Date(temporaryAccessStartTime);
    const end = new Date(start.getTime() + seconds! * 1000);
    if (!(end.getUTCFullYear() <= 9999)) wrong("temporaryAccessStartTime", "must be a time in ISO 8601");
    else read.temporary = { range: temporaryRange!, start: start.toISOString(), end: end.toISOString() };
    return read;
  });

/** The roles of a member. */
export const grants = z.array(grant).min(1, "must name at least one role").max(16, "must be at most 16 roles");

/** A grant as it leaves; the role of one that is the project's own is "custom". */
export const grantReply = z
  .object({
    id: z.string(),
    role: z.string(),
    customRoleId: z.string().nullable(),
    customRoleName: z.string().nullable(),
    customRoleSlug: z.string().nullable(),
    isTemporary: z.boolean(),
    temporaryMode: z.string().nullable(),
    temporaryRange: z.string().nullable(),
    temporaryAccessStartTime: time.nullable(),
    temporaryAccessEndTime: time.nullable(),
    secrets: z.array(z.object({ environment: z.string(), path: z.string(), name: z.string() })).optional(),
  })
  .meta({ id: "RoleGrant" });

/** The project that a membership is of. */
export const memberOf = z.object({ id: z.string(), name: z.string(), slug: z.string(), type: z.string() });
