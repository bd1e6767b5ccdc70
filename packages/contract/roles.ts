/** Roles of a project: those that it makes, beside those that every project has. */
import { z } from "zod";
import { id, newSlug, note, slug, text, time, title } from "./fields.ts";
import { permissionReply, permissionRules } from "./permissions.ts";
import { route } from "./route.ts";
import { inProject, projectOf } from "./where.ts";

/** A role as it leaves. The id of one that every project has is its slug. */
const role = z
  .object({
    id: z.string(),
    name: z.string(),
    slug: z.string(),
    description: z.string(),
    projectId: z.string(),
    permissions: permissionReply,
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Role" });

const reply = z.object({ role });
const byId = z.object({ projectId: id, roleId: id });
const may = <A extends "read" | "create" | "edit" | "delete">(action: A) =>
  ({ scope: "project", subject: "role", action }) as const;

const builtInSlugs = ["admin", "member", "viewer", "no-access", "lease-only", "custom"];
const roleSlug = newSlug.refine((given) => !builtInSlugs.includes(given), "must not be the name of a built-in role");

/** Makes a role, of rules that its maker holds. */
export const createRole = route({
  method: "POST",
  path: "/api/v1/projects/:projectId/roles",
  summary: "Create a role",
  permission: may("create"),
  audit: "create-role",
  place: projectOf,
  params: inProject,
  body: z.object({ slug: roleSlug, name: title, description: note(), permissions: permissionRules }),
  reply,
});

/** Lists the roles of a project, the built-in ones first. */
export const listRoles = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/roles",
  summary: "List the roles of a project",
  permission: may("read"),
  audit: "list-roles",
  place: projectOf,
  params: inProject,
  reply: z.object({ roles: z.array(role) }),
});

/** Reads a role by its id. */
export const getRole = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/roles/:roleId",
  summary: "Get a role by id",
  permission: may("read"),
  audit: "get-role",
  place: projectOf,
  params: byId,
  reply,
});

/** Reads a role by its slug. */
export const getRoleBySlug = route({
  method: "GET",
  path: "/api/v1/projects/:projectId/roles/slug/:roleSlug",
  summary: "Get a role by slug",
  permission: may("read"),
  audit: "get-role",
  place: projectOf,
  params: z.object({ projectId: id, roleSlug: slug }),
  reply,
});

/** Changes a role for all who have it, to rules that the changer holds. */
export const updateRole = route({
  method: "PATCH",
  path: "/api/v1/projects/:projectId/roles/:roleId",
  summary: "Update a role",
  permission: may("edit"),
  audit: "update-role",
  place: projectOf,
  params: byId,
  body: z.object({
    slug: roleSlug.optional(),
    name: title.optional(),
    description: text(1024).optional(),
    permissions: permissionRules.optional(),
  }),
  reply,
});

/** Deletes a role that no member has. */
export const deleteRole = route({
  method: "DELETE",
  path: "/api/v1/projects/:projectId/roles/:roleId",
  summary: "Delete a role",
  permission: may("delete"),
  audit: "delete-role",
  place: projectOf,
  params: byId,
  reply,
});
