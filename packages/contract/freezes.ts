/** Freezes: no new lease of a project, of a dynamic secret or for one member; what lives goes on and can be renewed. Ours. */
import { z } from "zod";
import { id, line, time } from "./fields.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

const scope = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("project") }),
  z.object({ kind: z.literal("dynamic-secret"), id }),
  z.object({ kind: z.literal("identity"), id }),
  z.object({ kind: z.literal("user"), id }),
]);

const reason = line(255).min(1, "say why: whoever is refused reads it");

const freeze = z
  .object({
    scope: z.object({ kind: z.string(), id: z.string().optional() }),
    /** Of what is frozen. */
    name: z.string(),
    by: z.object({ type: z.string(), id: z.string().nullable(), name: z.string() }),
    at: time,
    reason: z.string(),
  })
  .meta({ id: "Freeze" });

const edits = { scope: "project", subject: "workspace", action: "edit" } as const;
const reply = z.object({ freezes: z.array(freeze) });

/** Stops new leases; of those that are just being made, each is handed out or refused. */
export const freezeLeases = route({
  method: "POST",
  path: "/api/v1/projects/:projectId/freeze",
  summary: "Stop new leases of a project, of a dynamic secret or for a member",
  permission: edits,
  audit: "freeze-leases",
  place: projectOf,
  params: inProject,
  body: z.object({ scope, reason }),
  reply,
});

/** Allows them again. */
export const unfreezeLeases = route({
  method: "POST",
  path: "/api/v1/projects/:projectId/unfreeze",
  summary: "Allow new leases again",
  permission: edits,
  audit: "unfreeze-leases",
  place: projectOf,
  params: inProject,
  body: z.object({ scope, reason }),
  reply,
});

/** What is frozen in a project, by whom and why. */
export const listFreezes = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/freezes",
  summary: "List what is frozen in a project",
  permission: { scope: "project", subject: "workspace", action: "read" },
  audit: "list-freezes",
  place: projectOf,
  params: inProject,
  reply,
});
