/** Projects of the organization. */
import { z } from "zod";
import { count, newSlug, note, slug, text, time, title, unset } from "./fields.ts";
import { isForced, leftBehind, removalStatus } from "./removal.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

/** A project as it leaves. Terraform keeps several of these fields in its state, so none may come and go. */
export const project = z
  .object({
    id: z.string(),
    /** The same id again: the official CLI decodes only this one. */
    _id: z.string(),
    name: z.string(),
    slug: z.string(),
    type: z.string(),
    description: z.string().nullable(),
    orgId: z.string(),
    autoCapitalization: z.boolean().default(false),
    hasDeleteProtection: z.boolean(),
    auditLogsRetentionDays: z.int().nullable().default(null),
    kmsSecretManagerKeyId: z.string().nullable().default(null),
    upgradeStatus: z.string().nullable().default(null),
    version: z.int().default(3),
    createdAt: time,
    updatedAt: time,
    environments: z.array(z.object({ id: z.string(), name: z.string(), slug: z.string() })),
  })
  .meta({ id: "Project" });

const bySlug = z.object({ slug });

/** Creates a project; who creates it is its admin. */
export const createProject = route({
  method: "POST",
  path: "/api/v2/workspace",
  summary: "Create a project",
  permission: { scope: "organization", subject: "workspace", action: "create" },
  audit: "create-project",
  body: z.object({
    projectName: title,
    slug: unset(newSlug),
    type: unset(z.literal("secret-manager", 'must be "secret-manager"')),
    projectDescription: note(),
    shouldCreateDefaultEnvs: z.boolean().default(true),
    hasDeleteProtection: z.boolean().default(false),
  }),
  reply: z.object({ project }),
});

/** Reads a project by its id. */
export const getProject = route({
  method: "GET",
  path: "/api/v1/workspace/:projectId",
  summary: "Get a project by id",
  permission: { scope: "project", subject: "workspace", action: "read" },
  audit: "get-project",
  place: projectOf,
  params: inProject,
  reply: z.object({ workspace: project }),
});

/** Reads a project by its slug; the answer is not wrapped. */
export const getProjectBySlug = route({
  method: "GET",
  path: "/api/v2/workspace/:slug",
  summary: "Get a project by slug",
  permission: { scope: "project", subject: "workspace", action: "read" },
  audit: "get-project",
  place: ({ params }) => ({ project: { slug: params.slug } }),
  params: bySlug,
  reply: project,
});

/** The same under its newer name. */
export const getProjectBySlugV1 = route({
  method: "GET",
  path: "/api/v1/projects/slug/:slug",
  summary: "Get a project by slug, newer form",
  permission: { scope: "project", subject: "workspace", action: "read" },
  audit: "get-project",
  place: ({ params }) => ({ project: { slug: params.slug } }),
  params: bySlug,
  reply: project,
});

/** Changes what is given and leaves the rest. */
export const updateProject = route({
  method: "PATCH",
  path: "/api/v1/projects/:projectId",
  summary: "Update a project",
  permission: { scope: "project", subject: "workspace", action: "edit" },
  audit: "update-project",
  place: projectOf,
  params: inProject,
  body: z.object({
    name: unset(title),
    slug: unset(newSlug),
    description: text(1024).optional(),
    hasDeleteProtection: z.boolean().nullish(),
  }),
  reply: z.object({ project }),
});

/** Says for how many days the audit log of a project is kept at least; nothing of it is deleted yet. */
export const updateAuditLogsRetention = route({
  method: "PUT",
  path: "/api/v1/workspace/:slug/audit-logs-retention",
  summary: "Set how long a project's audit log is kept at least",
  permission: { scope: "project", subject: "settings", action: "edit" },
  audit: "update-audit-logs-retention",
  place: ({ params }) => ({ project: { slug: params.slug } }),
  params: bySlug,
  body: z.object({ auditLogsRetentionDays: count(36_500) }),
  reply: z.object({ message: z.string(), workspace: project }),
});

/** Lists the projects that the caller is a member of; an admin of the organization sees all. */
export const listProjects = route({
  method: "GET",
  path: "/api/v1/projects",
  summary: "List projects",
  permission: { scope: "own" },
  audit: "list-projects",
  reply: z.object({ projects: z.array(project) }),
});

/** The same list under its older name. */
export const listWorkspaces = route({
  method: "GET",
  path: "/api/v1/workspace",
  summary: "List projects, older form",
  permission: { scope: "own" },
  audit: "list-projects",
  reply: z.object({ workspaces: z.array(project) }),
});

/** Deletes a project with all that is in it; the leases are revoked behind the answer. */
export const deleteProject = route({
  method: "DELETE",
  path: "/api/v2/workspace/:slug",
  summary: "Delete a project",
  permission: { scope: "project", subject: "workspace", action: "delete" },
  audit: "delete-project",
  place: ({ params }) => ({ project: { slug: params.slug } }),
  params: bySlug,
  body: z.object({ isForced }),
  reply: project.extend({ ...removalStatus, ...leftBehind }),
});
