/** Finding what a request names: always through the caller's project, never by an id alone. */
import { type Db, dynamicSecrets, environments, folders, leases, NotFound } from "@dayfly/store";
import type { Place } from "./api.ts";

export type DynamicSecret = Awaited<ReturnType<typeof dynamicSecrets.byId>>;

/** The folder of a place. @throws NotFound */
export async function folderAt(db: Db, place: Place): Promise<folders.Folder> {
  const environment = await environments.bySlug(db, place.projectId, place.environment);
  return folders.byPath(db, environment.id, place.path);
}

/** The dynamic secret of that name. @throws NotFound */
export async function secretAt(db: Db, place: Place, name: string): Promise<DynamicSecret> {
  const found = await dynamicSecrets.at(db, place, name);
  if (found) return found;
  // Not there: which part of the way is missing is worth the words.
  const folder = await folderAt(db, place);
  return dynamicSecrets.named(db, folder.id, name);
}

/**
 * The lease and its dynamic secret, if they lie at this place; the dynamic secret may be on its way out.
 * @throws NotFound, alike for a lease that does not exist and one that lies elsewhere
 */
export async function leaseAt(
  db: Db,
  place: Place,
  id: string,
): Promise<{ lease: leases.Lease; secret: DynamicSecret }> {
  const [lease, secret] = await Promise.all([leases.byId(db, id), dynamicSecrets.ofLease(db, place, id)]);
  if (!lease || !secret || lease.state === "intended") throw new NotFound("lease", id);
  return { lease, secret };
}
