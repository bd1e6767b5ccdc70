/**
 * Where a request acts, found in the store. Owns that a project is met only through the caller's membership: missing and
 * forbidden are told alike, and an id of something inside never opens the project it lies in.
 */
import type { Place } from "@dayfly/contract";
import {
  type Caller,
  type Db,
  environments,
  folders,
  leases,
  memberships,
  NotFound,
  projects,
  secrets,
} from "@dayfly/store";
import { ownerOf, type ProjectRights, projectRights } from "./ability.ts";
import type { Spot } from "./roles.ts";

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
  const { environment, path, name } = place;
  if (!("holding" in place.project)) {
    const project = await projects.find(db, place.project);
    return project && { project, spot: { environment, path, name } };
  }
  const holder = await holderOf(db, place.project.holding, place.project.id);
  const project = holder && (await projects.find(db, { id: holder.projectId }));
  return project && { project, spot: { environment, path, name, ...holder.spot } };
}

/** The same in one look-up, where a place names its project itself; undefined also where that did not find it. */
export async function directStanding(db: Db, actor: Caller["actor"], place: Place): Promise<Standing | undefined> {
  const { project, environment, path, name } = place;
  if ("holding" in project || actor.id === null || (actor.type !== "identity" && actor.type !== "user"))
    return undefined;
  const found = await memberships.standing(db, project, { type: actor.type, id: actor.id });
  return (
    found && {
      project: found.project,
      rights: projectRights(found.roles, ownerOf(actor)),
      spot: { environment, path, name },
    }
  );
}

/** What a caller who is a member may do at a place. @throws NotFound for strangers */
export async function standingAt(
  db: Db,
  actor: Caller["actor"],
  found: { project: projects.Project; spot: Spot } | undefined,
  named: { what: string; name: string },
): Promise<Standing> {
  const membership =
    found && actor.id !== null && (actor.type === "identity" || actor.type === "user")
      ? await memberships.find(db, found.project.id, { type: actor.type, id: actor.id })
      : undefined;
  if (found === undefined || membership === undefined) throw new NotFound(named.what, named.name);
  return { ...found, rights: projectRights(membership.roles, ownerOf(actor)) };
}

/** Adds a lease's owner and dynamic secret to the spot, and its place where the request does not name one. @throws NotFound when the lease is not this project's */
export async function spotOfLease(db: Db, standing: Standing, leaseId: string): Promise<Spot> {
  const found = await leases.ownerOf(db, standing.project.id, leaseId);
  if (found === undefined) throw new NotFound("lease", leaseId);
  const at = { environment: found.environment ?? undefined, path: found.path ?? undefined };
  const spot = standing.spot.environment === undefined ? { ...standing.spot, ...at } : standing.spot;
  return { ...spot, name: found.name, owner: ownerOf({ type: found.actor_type, id: found.actor_id }) };
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
  return {
    projectId: folder.project_id,
    spot: { environment: environment.slug, path: folder.path, name: secret?.key },
  };
}
