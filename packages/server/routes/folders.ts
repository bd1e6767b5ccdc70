/** Folders. Both versions of the wire have the same handlers. */
import { canonicalPath, childPath } from "@dayfly/contract";
import { type Db, environments, folders, NotFound } from "@dayfly/store";
import type { Ask, Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";
import { orderOf } from "../removal.ts";
import { folderFor } from "../secrets/home.ts";

export const listFolders: Handlers["listFolders"] = async ({ input, place, may, note }, { store }) => {
  const environment = await environments.bySlug(store, place.projectId, place.environment);
  const parent = await folders.at(store, environment.id, place.path);
  const all = parent === undefined ? [] : await folders.list(store, parent, input.query.recursive);
  // What lies in a folder is seen by whoever may look into that folder.
  const found = all.filter((folder) => may("read", "secret-folders", { path: folders.parentOf(folder.path) }));
  note({ count: found.length });
  const above = place.path === "/" ? 1 : place.path.length + 1;
  return {
    folders: found.map((folder) => ({
      ...shown(folder),
      relativePath: folder.path.slice(above),
      lastSecretModified: folder.last_secret_modified,
    })),
  };
};

export const createFolder: Handlers["createFolder"] = async (ask) => {
  const { name, description } = ask.input.body;
  const path = childPath(ask.place.path, name);
  ask.note({ path });
  const made = await ask.write(async (tx) => {
    const { project_id: projectId, environment_id: environmentId } = await folderFor(tx, ask);
    return folders.create(tx, { projectId, environmentId }, path, description);
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

export const updateFolder: Handlers["updateFolder"] = async ({ place, input, write, note, isBoundBy }) => {
  const { name, description } = input.body;
  const path = childPath(place.path, name);
  const renamed = await write(async (tx) => {
    const folder = await folderHere(tx, place, input.params.folderIdOrName);
    note({ path: folder.path, subjectId: folder.id, name });
    if (path !== folder.path && isBoundBy("secretPath")) {
      // Under another path, what is forbidden there would not be.
      throw new Refusal("PermissionDenied", "Your rights depend on the paths of folders: you cannot rename one");
    }
    const below = await folders.list(tx, folder, true);
    if (below.some((each) => canonicalPath(path + each.path.slice(folder.path.length)) === null)) {
      throw new Refusal("BadRequest", "A folder below would have too long a path with this name");
    }
    return folders.update(tx, folder, { name, ...(typeof description === "string" ? { description } : {}) });
  });
  return { folder: shown(renamed) };
};

export const deleteFolder: Handlers["deleteFolder"] = async (ask, { store, engine }) => {
  const { place, input, note } = ask;
  const folder = await folderHere(store, place, input.params.folderIdOrName);
  note({ path: folder.path, subjectId: folder.id });
  const order = orderOf(ask, input.body.forceDelete);
  const { status, statusDetails, ...left } = await engine.removeTree(ask.caller, { folder: folder.id }, order);
  const removed = { ...shown(folder), status, statusDetails };
  return { folder: removed, folders: [removed], ...left };
};

export const listFoldersV2: Handlers["listFoldersV2"] = listFolders;
export const createFolderV2: Handlers["createFolderV2"] = createFolder;
export const getFolderV2: Handlers["getFolderV2"] = getFolder;
export const updateFolderV2: Handlers["updateFolderV2"] = updateFolder;
export const deleteFolderV2: Handlers["deleteFolderV2"] = deleteFolder;

/** A folder in the place that a request names, by its name or id, to be changed. @throws NotFound, Refusal for a root */
async function folderHere(db: Db, place: Ask["place"], idOrName: string): Promise<folders.Folder> {
  const environment = await environments.bySlug(db, place.projectId, place.environment);
  const folder =
    (await folders.at(db, environment.id, childPath(place.path, idOrName))) ??
    (isId(idOrName) ? await folders.find(db, idOrName) : undefined);
  // The right was decided on the path: an id opens nothing that lies elsewhere.
  const isHere = folder?.environment_id === environment.id && folders.parentOf(folder.path) === place.path;
  if (folder === undefined || !isHere) throw new NotFound("folder", idOrName);
  if (folder.parent_id === null) throw new Refusal("BadRequest", "The root folder of an environment stays as it is");
  return folder;
}

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
