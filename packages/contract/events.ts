/** Events: what happens to leases and their targets, as it happens. Ours. */
import { z } from "zod";
import { id, slug, unset } from "./fields.ts";
import { leaseRight } from "./leases.ts";
import { path } from "./paths.ts";
import { route } from "./route.ts";

/** Every kind of event there is. `reset`: what was asked for lies too far back, read the lists again. */
export const eventKinds = [
  "lease.issued",
  "lease.renewed",
  "lease.revoking",
  "lease.revoke-failed",
  "lease.gone",
  "target.down",
  "target.up",
  "reset",
] as const;

/** The name of an event. */
export type EventKind = (typeof eventKinds)[number];

/** What an event of a stream holds, as JSON. */
export const eventData = z
  .object({
    at: z.string(),
    projectId: z.string(),
    leaseId: z.string().optional(),
    dynamicSecretId: z.string().optional(),
    dynamicSecretName: z.string().optional(),
    environmentSlug: z.string().optional(),
    path: z.string().optional(),
    externalEntityId: z.string().optional(),
    target: z.string().optional(),
    expireAt: z.string().optional(),
    reason: z.string().optional(),
    errorClass: z.string().optional(),
  })
  .meta({ id: "EventData" });

/** What happens to the leases of a project that the caller may see, as server-sent events. */
export const streamEvents = route({
  method: "GET",
  path: "/api/v1/events",
  summary: "Follow what happens to the leases of a project",
  stream: true,
  permission: leaseRight("read"),
  audit: "stream-events",
  place: ({ query }) => ({ project: { id: query.projectId } }),
  query: z.object({
    projectId: id,
    environmentSlug: unset(slug),
    path: unset(path).meta({ description: "This folder and those below." }),
  }),
  reply: z.string().meta({
    description: `Server-sent events: ${eventKinds.join(", ")}. Each has an id; sent back as Last-Event-ID, what came after it follows.`,
  }),
});
