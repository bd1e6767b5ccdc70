/**
 * What a cell of the matrix must be answered: from the declaration of its route and the table of kinds, and from nothing
 * that the server decides by.
 */
import { type ErrorName, type Place, type Route, readInput } from "@dayfly/contract";
import type { Caller } from "./callers.ts";
import type { Asked, Entry } from "./entry.ts";
import { has, holds, holdsSome, inOrganization, type Member, type Spot } from "./kinds.ts";
import type { Ground, Thing } from "./lab.ts";

/**
 * Whose thing is asked for, and how. "own": of the project the callers are members of, made by its admin; "mine": made by the
 * caller. "foreign": another project's, with that project's name; "smuggled": another project's, in the name of one's own;
 * "misplaced": one's own project's, in the name of another folder. "nowhere", "missing" and "unplaced" are what the three
 * must not differ from: a project that is not there, and things that are not.
 */
export type Whose = "own" | "mine" | "foreign" | "nowhere" | "smuggled" | "missing" | "misplaced" | "unplaced";

/** What is expected: done, or which refusal. */
export type Expected = "done" | ErrorName;

/** One request of the matrix, ready to be sent. */
export interface Request {
  route: Route;
  entry: Entry;
  whose: Whose;
  ground: Ground;
  thing: Thing;
  asked: Asked;
}

/** What a caller must be answered. */
export function expectedOf({ kind }: Caller, request: Request): Expected {
  const { route, entry, whose } = request;
  const { permission } = route;
  if ("open" in permission) return "done";
  if (kind.as === "nobody") return "UnauthorizedError";
  if (kind.as === "bad") return "TokenError";
  const isThere = whose === "own" || whose === "mine";
  if (permission.scope === "own") {
    if (entry.isForPeople && kind.as !== "person") return "ForbiddenError";
    return whose === "mine" || (isThere && !entry.isOwned) ? "done" : "NotFound";
  }
  const found = isThere ? "done" : "NotFound";
  const actions = [permission.action].flat();
  if (permission.scope === "organization") {
    const held = inOrganization[kind.org];
    return actions.some((action) => has(held, action, permission.subject)) ? found : "PermissionDenied";
  }
  if (kind.member === undefined || whose === "foreign" || whose === "nowhere") return "NotFound";
  const place = placeOf(request);
  // By an id alone nothing tells which project it would be.
  if ("holding" in place.project && !isThere) return "NotFound";
  return inProject(kind.member, permission.subject, actions, place, request, found);
}

function inProject(
  member: Member,
  subject: string,
  actions: readonly string[],
  place: Place,
  { entry, whose, ground }: Request,
  found: Expected,
): Expected {
  if (!actions.some((action) => holdsSome(member, action, subject))) return "PermissionDenied";
  const { project } = place;
  const path = "holding" in project && project.holding !== "environment" ? ground.path : place.path;
  const spot: Spot = { path, name: place.name };
  if (found === "done" && lacks(member, entry, ground)) found = entry.also?.told ?? "PermissionDenied";
  if (place.leaseId !== undefined) {
    // Somebody else's lease is told like one that is not there.
    const lease = { path: path ?? ground.path, name: "postgres", isOwn: whose === "mine" };
    return actions.some((action) => holds(member, action, subject, lease)) ? found : "NotFound";
  }
  // What lies in no place of the request is a list over all places, and cut down.
  const isOpen = path === undefined && subject === "dynamic-secrets";
  const isHeld = actions.some((action) =>
    isOpen ? holdsSome(member, action, subject) : holds(member, action, subject, spot),
  );
  return isHeld ? found : "PermissionDenied";
}

function lacks(member: Member, { also }: Entry, { path }: Ground): boolean {
  if (also === undefined) return false;
  const spot = also.where === "there" ? { path, name: "postgres" } : { path: "/", name: "any", isOwn: false };
  return !holds(member, also.action, also.subject, spot);
}

/** Where the request acts, as its route reads it. */
function placeOf({ route, asked }: Request): Place {
  const [path = "", query] = asked.path.split("?");
  const segments = path.split("/");
  const params = Object.fromEntries(
    route.path.split("/").flatMap((part, at) => (part.startsWith(":") ? [[part.slice(1), segments[at]]] : [])),
  );
  const read = readInput(route, { params, query: Object.fromEntries(new URLSearchParams(query)), body: asked.body });
  if ("issues" in read) throw new Error(`${route.method} ${asked.path}: ${JSON.stringify(read.issues)}`);
  return route.place!(read.input);
}
