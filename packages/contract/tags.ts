/** Tags of a project. Both families of the wire differ in path and in the name of the answer's field only. */
import { z } from "zod";
import { id, newSlug, slug, time, title } from "./fields.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

/** A tag as it leaves. */
const tag = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    color: z.string(),
    projectId: z.string(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Tag" });

const byId = z.object({ projectId: id, tagId: id });
const bySlug = z.object({ projectId: id, tagSlug: slug });
const may = <A extends "read" | "create" | "edit" | "delete">(action: A) =>
  ({ scope: "project", subject: "tags", action }) as const;
const color = z
  .string()
  .trim()
  .regex(/^([#A-Za-z0-9]{1,32})?$/, 'must be a colour such as "#3b82f6", or ""');

// An absent name is the slug.
const made = z.object({ slug: newSlug, name: title.optional(), color: color.default("") });
const changed = z.object({ slug: newSlug.optional(), name: title.optional(), color: color.optional() });

const list = {
  method: "GET",
  summary: "List the tags of a project",
  permission: may("read"),
  audit: "list-tags",
  place: projectOf,
  params: inProject,
} as const;
const create = {
  method: "POST",
  summary: "Create a tag",
  permission: may("create"),
  audit: "create-tag",
  place: projectOf,
  params: inProject,
  body: made,
} as const;
const get = {
  method: "GET",
  summary: "Get a tag by id",
  permission: may("read"),
  audit: "get-tag",
  place: projectOf,
  params: byId,
} as const;
const getBySlug = { ...get, summary: "Get a tag by slug", params: bySlug } as const;
const update = {
  method: "PATCH",
  summary: "Update a tag",
  permission: may("edit"),
  audit: "update-tag",
  place: projectOf,
  params: byId,
  body: changed,
} as const;
const remove = {
  method: "DELETE",
  summary: "Delete a tag",
  permission: may("delete"),
  audit: "delete-tag",
  place: projectOf,
  params: byId,
} as const;

const projects = "/api/v1/projects/:projectId/tags";
const reply = z.object({ tag });

/** Lists the tags of a project. */
export const listTags = route({ ...list, path: projects, reply: z.object({ tags: z.array(tag) }) });
/** Makes a tag. */
export const createTag = route({ ...create, path: projects, reply });
/** Reads a tag. */
export const getTag = route({ ...get, path: `${projects}/:tagId`, reply });
/** Reads a tag by its slug. */
export const getTagBySlug = route({ ...getBySlug, path: `${projects}/slug/:tagSlug`, reply });
/** Changes a tag. */
export const updateTag = route({ ...update, path: `${projects}/:tagId`, reply });
/** Deletes a tag. */
export const deleteTag = route({ ...remove, path: `${projects}/:tagId`, reply });

const workspace = "/api/v1/workspace/:projectId/tags";
const workspaceReply = z.object({ workspaceTag: tag });

/** The same for Terraform, which knows the older names. */
export const listWorkspaceTags = route({
  ...list,
  path: workspace,
  reply: z.object({ workspaceTags: z.array(tag) }),
});
/** Makes a tag. */
export const createWorkspaceTag = route({ ...create, path: workspace, reply: workspaceReply });
/** Reads a tag. */
export const getWorkspaceTag = route({ ...get, path: `${workspace}/:tagId`, reply: workspaceReply });
/** Reads a tag by its slug. */
export const getWorkspaceTagBySlug = route({ ...getBySlug, path: `${workspace}/slug/:tagSlug`, reply: workspaceReply });
/** Changes a tag. */
export const updateWorkspaceTag = route({ ...update, path: `${workspace}/:tagId`, reply: workspaceReply });
/** Deletes a tag. */
export const deleteWorkspaceTag = route({ ...remove, path: `${workspace}/:tagId`, reply: workspaceReply });
