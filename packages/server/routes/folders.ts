/** Folders. Both versions of the wire have the same handlers. */
import { childPath } from "@dayfly/contract";
import { environments, folders, NotFound } from "@dayfly/store";
import type { Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";
import { orderOf } from "../removal.ts";

export const listFolders: Handlers["listFolders"] = async ({ input, place, may, note }, { store }) => {
  const environment = await environments.bySlug(store, place.projectId, place.environment);
  const parent = await folders.at(store, environment.id, place.path);
  const below = parent === undefined ? [] : await folders.list(store, parent, input.query.recursive);
  // The right to a folder is that at the path it lies in.
  const found = below.filter(({ path }) => may("read", "secret-folders", { path: folders.parentOf(path) ?? "/" }));
  note({ count: found.length });
  const above = place.path === "/" ? 1 : place.path.length + 1;
  return { folders: found.map((folder) => ({ ...shown(folder), relativePath: folder.path.slice(above) })) };
};

export const createFolder: Handlers["createFolder"] = async ({ input, place, write, note }) => {
  const { name, description } = input.body;
  const path = childPath(place.path, name);
  note({ path });
  const made = await write(async (tx) => {
    const environment = await environments.bySlug(tx, place.projectId, place.environment);
    return folders.create(tx, { projectId: place.projectId, environmentId: environment.id }, path, description);
  });
  return { folder: shown(made) };
};

export const getFolder: Handlers["getFolder"] = async ({ input, project }, { store }) => {
  const folder = await folders.find(store, input.params.folderId);
  if (folder === undefined) throw new NotFound("folder", input.params.folderId);
  const environment = await environments.byId(store, project.id, folder.environment_id);
  return {
    folder: {
      ...shown(folder),
      projectId: project.id,
      environment: { envId: environment.id, envName: environment.name, envSlug: environment.slug },
    },
  };
};

export const deleteFolder: Handlers["deleteFolder"] = async (ask, { store, engine }) => {
  const { place, input, note } = ask;
  const { folderIdOrName } = input.params;
  const environment = await environments.bySlug(store, place.projectId, place.environment);
  const folder =
    (await folders.at(store, environment.id, childPath(place.path, folderIdOrName))) ??
    (isId(folderIdOrName) ? await folders.find(store, folderIdOrName) : undefined);
  // The right was decided on the path: an id opens nothing that lies elsewhere.
  const isHere = folder?.environment_id === environment.id && folders.parentOf(folder.path) === place.path;
  if (folder === undefined || !isHere) throw new NotFound("folder", folderIdOrName);
  if (folder.parent_id === null) throw new Refusal("BadRequest", "The root folder of an environment stays");
  note({ path: folder.path, subjectId: folder.id });
  const order = orderOf(ask, input.body.forceDelete);
  const { status, statusDetails, ...left } = await engine.removeTree(ask.caller, { folder: folder.id }, order);
  const removed = { ...shown(folder), status, statusDetails };
  return { folder: removed, folders: [removed], ...left };
};

export const listFoldersV2: Handlers["listFoldersV2"] = listFolders;
export const createFolderV2: Handlers["createFolderV2"] = createFolder;
export const getFolderV2: Handlers["getFolderV2"] = getFolder;
export const deleteFolderV2: Handlers["deleteFolderV2"] = deleteFolder;

function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function shown(folder: folders.Folder) {
  return {
    id: folder.id,
    name: folder.name,
    envId: folder.environment_id,
    parentId: folder.parent_id,
    version: folder.version,
    description: folder.description,
    path: folder.path,
    createdAt: folder.created_at,
    updatedAt: folder.updated_at,
  };
}
