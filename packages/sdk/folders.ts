import { type RequestOf, routes, type WhereGiven } from "@dayfly/contract";
import type { Call } from "./wire.ts";

/** Folders of an environment. */
export function foldersGroup(call: Call) {
  return {
    /** The folders right below `path`. */
    list: async (query: WhereGiven) => (await call(routes.listFolders, { query })).folders,
    /** Makes a folder in `path`, and its parents where they are missing. */
    create: async (body: RequestOf<typeof routes.createFolder>["body"]) =>
      (await call(routes.createFolder, { body })).folder,
    /** Deletes a folder of `path`, by name or id, with all that is in it; by force, with what is left behind. */
    delete: async (folderIdOrName: string, body: RequestOf<typeof routes.deleteFolder>["body"]) => {
      const { folder, leftBehind, leftBehindCount } = await call(routes.deleteFolder, {
        params: { folderIdOrName },
        body,
      });
      return { ...folder, leftBehind, leftBehindCount };
    },
  };
}
