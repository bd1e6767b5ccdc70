/**
 * Where a request acts, found in the store. Owns that a project is met only through the caller's membership: missing and
 * forbidden are told alike, and an id of something inside never opens the project it lies in.
 */
import type { Place } from "@dayfly/contract";
import {
  type Caller,
  type Db,
  dynamicSecrets,
  environments,
  folders,
  leases,
  memberships,
  NotFound,
  projects,
  secrets,
} from "@dayfly/store";
import { ownerOf, type ProjectRights, projectRights } from "./ability.ts";
import type { Spot } from "./rules.ts";

/** A project that the caller is a member of, what it may do there, and the spot of the request. */
export interface Standing {
  project: projects.Project;
  rights: ProjectRights;
  spot: Spot;
}

/** Finds the project of a place; undefined when there is none. The spot is as much as the place tells by itself. */
export async function findProject(
  db: Db,
  place: Place,
): Promise<{ project: projects.Project; spot: Spot } | undefined> {
  const { environment, path, name, metadata } = place;
  if (!("holding" in place.project)) {
    const project = await projects.find(db, place.project);
    return project && { project, spot: { environment, path, name, metadata } };
  }
  const holder = await holderOf(db, place.project.holding, place.project.id);
  const project = holder && (await projects.find(db, { id: holder.projectId }));
  return project && { project, spot: { environment, path, name, ...holder.spot } };
}

/** The same in one look-up, where a place names its project itself; undefined also where that did not find it. */
export async function directStanding(db: Db, actor: Caller["actor"], place: Place): Promise<Standing | undefined> {
  const { project, environment, path, name, metadata } = place;
  const member = memberOf(actor);
  if ("holding" in project || member === undefined) return undefined;
  const found = await memberships.standing(db, project, member);
  return (
    found && {
      project: found.project,
      rights: projectRights(found.roles, ownerOf(actor)),
      spot: { environment, path, name, metadata },
    }
  );
}

/** Who can be a member of a project. */
export function memberOf({ type, id }: Caller["actor"]): memberships.Actor | undefined {
  return id !== null && (type === "identity" || type === "user") ? { type, id } : undefined;
}

/** What a caller who is a member may do at a place. @throws NotFound for strangers */
export async function standingAt(
  db: Db,
  actor: Caller["actor"],
  found: { project: projects.Project; spot: Spot } | undefined,
  named: { what: string; name: string },
): Promise<Standing> {
  const member = memberOf(actor);
  const membership = found && member && (await memberships.standing(db, { id: found.project.id }, member));
  if (found === undefined || membership === undefined) throw new NotFound(named.what, named.name);
  return { ...found, rights: projectRights(membership.roles, ownerOf(actor)) };
}

/** Adds a lease's owner and dynamic secret to the spot, and its place where the request does not name one. @throws NotFound when the lease is not this project's */
export async function spotOfLease(db: Db, standing: Standing, leaseId: string): Promise<Spot> {
  const found = await leases.ownerOf(db, standing.project.id, leaseId);
  if (found === undefined) throw new NotFound("lease", leaseId);
  const { environment, path, name, metadata } = found;
  const at = { environment: environment ?? undefined, path: path ?? undefined };
  const spot = standing.spot.environment === undefined ? { ...standing.spot, ...at } : standing.spot;
  return { ...spot, name, metadata, owner: ownerOf({ type: found.actor_type, id: found.actor_id }) };
}

/** What somebody may do where a request acts, and beside it: a spot is told as it differs from the request's. */
export interface RightsHere {
  /** Whether the caller also holds another right here, to cut an answer down; admission has been decided already. */
  may(action: string, subject: string, spot?: Spot): boolean;
  /** The same of something there, as far as the spot tells: what opens a list, which `may` then cuts down. */
  mayWithSome(action: string, subject: string, spot?: Spot): boolean;
}

/** The rights of whoever stands there. */
export function rightsHere({ rights, spot: here }: Standing): RightsHere {
  return {
    may: (action, subject, spot) => rights.may(action, subject, beside(here, spot)),
    mayWithSome: (action, subject, spot) => rights.mayWithSome(action, subject, beside(here, spot)),
  };
}

// What hangs on a thing is not carried over to a thing of another name.
function beside(here: Spot, other: Spot = {}): Spot {
  const isOther = "name" in other || "path" in other || "environment" in other;
  return isOther ? { ...here, metadata: undefined, owner: undefined, ...other } : { ...here, ...other };
}

/** Whether each folder of a path may be made where it lies. */
export function mayMakePath(may: (action: string, subject: string, spot: Spot) => boolean, path: string): boolean {
  for (let at = path; at !== "/"; at = folders.parentOf(at)) {
    if (!may("create", "secret-folders", { path: folders.parentOf(at) })) return false;
  }
  return true;
}

/** Adds the metadata of a thing that is there, where rules look at it; something that is not there has none. */
export async function withMetadata(db: Db, { project, spot }: Standing, subject: string): Promise<Spot> {
  const { environment, path, name } = spot;
  if (environment === undefined || path === undefined || name === undefined) return spot;
  const place = { projectId: project.id, environment, path };
  const found = await (subject === "secrets" ? secrets.metadataAt : dynamicSecrets.at)(db, place, name);
  return { ...spot, metadata: found?.metadata ?? [] };
}

async function holderOf(
  db: Db,
  holding: "environment" | "folder" | "secret",
  id: string,
): Promise<{ projectId: string; spot: Spot } | undefined> {
  if (holding === "environment") {
    const environment = await environments.find(db, id);
    return environment && { projectId: environment.project_id, spot: { environment: environment.slug } };
  }
  const secret = holding === "secret" ? await secrets.find(db, id) : undefined;
  const folderId = holding === "secret" ? secret?.folder_id : id;
  const folder = folderId === undefined ? undefined : await folders.find(db, folderId);
  if (folder === undefined) return undefined;
  const environment = await environments.byId(db, folder.project_id, folder.environment_id);
  // The right to a folder is that at the path it lies in.
  const path = secret === undefined ? folders.parentOf(folder.path) : folder.path;
  return {
    projectId: folder.project_id,
    spot: { environment: environment.slug, path, name: secret?.key, metadata: secret?.metadata },
  };
}
