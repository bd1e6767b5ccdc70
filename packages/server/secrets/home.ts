/** The folder that a request names, for those who read in it and for those who write. */
import { type Db, environments, folders, type Tx } from "@dayfly/store";
import { mayMakePath } from "../access/place.ts";
import type { Ask } from "../handler.ts";

/** The folder of a place, which must be there. @throws NotFound, of the environment or of the folder */
export async function folderOf(db: Db, place: Ask["place"]): Promise<folders.Folder> {
  const found = await folders.atPlace(db, place);
  if (found !== undefined) return found;
  const environment = await environments.bySlug(db, place.projectId, place.environment);
  return folders.byPath(db, environment.id, place.path);
}

/** The same for a writer: made with its parents where it is missing and may be made. @throws NotFound */
export async function folderFor(tx: Tx, { place, may }: Pick<Ask, "place" | "may">): Promise<folders.Folder> {
  if (!mayMakePath(may, place.path)) return folderOf(tx, place);
  const environment = await environments.bySlug(tx, place.projectId, place.environment);
  return folders.ensure(tx, { projectId: place.projectId, environmentId: environment.id }, place.path);
}
