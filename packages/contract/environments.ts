/** Environments of a project. */
import { z } from "zod";
import { count, id, newSlug, slug, time, title } from "./fields.ts";
import { isForced, leftBehind, removalStatus } from "./removal.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

/** An environment as it leaves. */
export const environment = z
  .object({
    id: z.string(),
    name: z.string(),
    slug: z.string(),
    position: z.int(),
    projectId: z.string(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Environment" });

const position = count(10_000);
const inEnvironment = z.object({ projectId: id, environmentId: id });

/** Adds an environment to a project. */
export const createEnvironment = route({
  method: "POST",
  path: "/api/v1/workspace/:projectId/environments",
  summary: "Create an environment",
  permission: { scope: "project", subject: "environments", action: "create" },
  audit: "create-environment",
  place: projectOf,
  params: inProject,
  body: z.object({ name: title, slug: newSlug, position: position.nullish() }),
  reply: z.object({ message: z.string(), workspace: z.string(), environment }),
});

/** Reads an environment by its id alone. */
export const getEnvironment = route({
  method: "GET",
  path: "/api/v1/workspace/environments/:environmentId",
  summary: "Get an environment by id",
  permission: { scope: "project", subject: "environments", action: "read" },
  audit: "get-environment",
  place: ({ params }) => ({ project: { holding: "environment", id: params.environmentId } }),
  params: z.object({ environmentId: id }),
  reply: z.object({ environment }),
});

/** Reads an environment by its slug; the answer is not wrapped. */
export const getEnvironmentBySlug = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/environments/slug/:slug",
  summary: "Get an environment by slug",
  permission: { scope: "project", subject: "environments", action: "read" },
  audit: "get-environment",
  place: projectOf,
  params: z.object({ projectId: id, slug }),
  reply: environment,
});

/** Renames or moves an environment. */
export const updateEnvironment = route({
  method: "PATCH",
  path: "/api/v1/workspace/:projectId/environments/:environmentId",
  summary: "Update an environment",
  permission: { scope: "project", subject: "environments", action: "edit" },
  audit: "update-environment",
  place: projectOf,
  params: inEnvironment,
  body: z.object({ name: title.optional(), slug: newSlug.optional(), position: position.nullish() }),
  reply: z.object({ environment }),
});

/** Deletes an environment with all that is in it; the leases are revoked behind the answer. */
export const deleteEnvironment = route({
  method: "DELETE",
  path: "/api/v1/workspace/:projectId/environments/:environmentId",
  summary: "Delete an environment",
  permission: { scope: "project", subject: "environments", action: "delete" },
  audit: "delete-environment",
  place: projectOf,
  params: inEnvironment,
  body: z.object({ isForced }),
  reply: z.object({ environment: environment.extend(removalStatus), ...leftBehind }),
});
