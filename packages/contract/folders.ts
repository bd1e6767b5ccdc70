/** Folders of an environment. Versions 1 and 2 of the wire differ in path only: every field has all of its names on both. */
import { z } from "zod";
import { flag, id, note, text, time } from "./fields.ts";
import { folderName } from "./paths.ts";
import { isForced, leftBehind, removalStatus } from "./removal.ts";
import { type Place, route } from "./route.ts";
import { inFolder, type Where, whereOf } from "./where.ts";

const fields = {
  id: z.string(),
  name: z.string(),
  envId: z.string(),
  parentId: z.string().nullable(),
  version: z.int(),
  isReserved: z.boolean().default(false),
  /** "" and never null: Terraform keeps what it reads. */
  description: z.string(),
  createdAt: time,
  updatedAt: time,
};

/** A folder as it leaves; `path` is the full path with the folder itself. */
export const folder = z.object({ ...fields, path: z.string() });

const removed = folder.extend(removalStatus);

const listed = z
  .object({
    ...fields,
    lastSecretModified: time.nullable().default(null),
    relativePath: z.string().optional(),
  })
  .meta({ id: "Folder" });

const inQuery = ({ query }: { query: Where }) => whereOf(query);
const inBody = ({ body }: { body: Where }) => whereOf(body);

const list = {
  method: "GET",
  summary: "List the folders in a folder",
  permission: { scope: "project", subject: "secret-folders", action: "read" },
  audit: "list-folders",
  place: inQuery,
  query: inFolder({ recursive: flag(false) }),
  reply: z.object({ folders: z.array(listed) }),
} as const;

const create = {
  method: "POST",
  summary: "Create a folder, and its parents where they are missing",
  permission: { scope: "project", subject: "secret-folders", action: "create" },
  audit: "create-folder",
  place: inBody,
  body: inFolder({ name: folderName, description: note() }),
  reply: z.object({ folder }),
} as const;

const get = {
  method: "GET",
  summary: "Get a folder by id",
  permission: { scope: "project", subject: "secret-folders", action: "read" },
  audit: "get-folder",
  place: ({ params }: { params: { folderId: string } }): Place => ({
    project: { holding: "folder", id: params.folderId },
  }),
  params: z.object({ folderId: id }),
  reply: z.object({
    folder: folder.extend({
      projectId: z.string(),
      environment: z.object({ envId: z.string(), envName: z.string(), envSlug: z.string() }),
    }),
  }),
} as const;

const update = {
  method: "PATCH",
  summary: "Rename a folder, by id or by name within `path`; what is in it comes along",
  permission: { scope: "project", subject: "secret-folders", action: "edit" },
  audit: "update-folder",
  place: inBody,
  params: z.object({ folderIdOrName: z.union([id, folderName]) }),
  body: inFolder({ name: folderName, description: text(1024).nullish() }),
  reply: z.object({ folder }),
} as const;

const remove = {
  method: "DELETE",
  summary: "Delete a folder by id, or by name within `path`",
  permission: { scope: "project", subject: "secret-folders", action: "delete" },
  audit: "delete-folder",
  place: inBody,
  params: z.object({ folderIdOrName: z.union([id, folderName]) }),
  body: inFolder({ forceDelete: isForced }),
  reply: z.object({ folder: removed, folders: z.array(removed).default([]), ...leftBehind }),
} as const;

/** Lists folders. */
export const listFolders = route({ ...list, path: "/api/v1/folders" });
/** Lists folders, version 2. */
export const listFoldersV2 = route({ ...list, path: "/api/v2/folders" });

/** Creates a folder. */
export const createFolder = route({ ...create, path: "/api/v1/folders" });
/** Creates a folder, version 2. */
export const createFolderV2 = route({ ...create, path: "/api/v2/folders" });

/** Reads a folder by its id alone. */
export const getFolder = route({ ...get, path: "/api/v1/folders/:folderId" });
/** Reads a folder by its id alone, version 2. */
export const getFolderV2 = route({ ...get, path: "/api/v2/folders/:folderId" });

/** Renames a folder. */
export const updateFolder = route({ ...update, path: "/api/v1/folders/:folderIdOrName" });
/** Renames a folder, version 2. */
export const updateFolderV2 = route({ ...update, path: "/api/v2/folders/:folderIdOrName" });

/** Deletes a folder with all that is in it; the leases are revoked behind the answer. */
export const deleteFolder = route({ ...remove, path: "/api/v1/folders/:folderIdOrName" });
/** Deletes a folder, version 2. */
export const deleteFolderV2 = route({ ...remove, path: "/api/v2/folders/:folderIdOrName" });
