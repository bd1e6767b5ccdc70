/**
 * Whether a request may be here at all. Owns the order: parse, then place, then right; and that each decision is made on
 * the parsed request alone. Handlers are called only behind it.
 */
import {
  type InProject,
  type InputOf,
  type Place,
  type Route,
  readIdempotencyKey,
  readInput,
  validationMessage,
} from "@dayfly/contract";
import { NotFound, type Store } from "@dayfly/store";
import { mayInOrganization } from "./access/ability.ts";
import { directStanding, findProject, type Standing, spotOfLease, standingAt, withMetadata } from "./access/place.ts";
import type { Spot } from "./access/rules.ts";
import { Refusal } from "./refusal.ts";
import type { Visit } from "./visit.ts";

/** Parses a request by its route. @throws Refusal 422 with every issue */
export function read<R extends Route>(route: R, raw: { params: unknown; query: unknown; body: unknown }): InputOf<R> {
  const read = readInput(route, raw);
  if ("input" in read) return read.input;
  throw new Refusal("ValidationFailure", validationMessage(read.issues), { details: read.issues });
}

/** The Idempotency-Key of a request. @throws Refusal 422 when it is not well-formed */
export function readKey(route: Route, header: unknown): string | null {
  const read = readIdempotencyKey(route, header);
  if ("key" in read) return read.key;
  throw new Refusal("ValidationFailure", validationMessage(read.issues), { details: read.issues });
}

/**
 * Checks the route's permission for the visitor. For a project's route it says where the visitor stands.
 * @throws Refusal (403), NotFound
 */
export async function admit(store: Store, visit: Visit, route: Route, input: InputOf<Route>): Promise<Standing | null> {
  const { permission } = route;
  if ("open" in permission || permission.scope === "own") return null;
  if (permission.scope === "organization") {
    if (!anyOf(permission.action).some((action) => mayInOrganization(visit.orgRole, action, permission.subject))) {
      throw denied(permission.action, permission.subject, "the organization");
    }
    return null;
  }
  const place = route.place!(input);
  noteSpot(visit, place);
  const standing = (await directStanding(store, visit.caller.actor, place)) ?? (await meet(store, visit, place));
  visit.facts.projectId = standing.project.id;
  standing.spot = await checkProject(store, standing, permission, place);
  noteSpot(visit, standing.spot);
  return standing;
}

/** The longer way, which also says in the audit row of a stranger whose project it was. @throws NotFound */
async function meet(store: Store, visit: Visit, place: Place): Promise<Standing> {
  const found = await findProject(store, place);
  visit.facts.projectId = found?.project.id ?? null;
  return standingAt(store, visit.caller.actor, found, nameOf(place));
}

async function checkProject(store: Store, standing: Standing, permission: InProject, place: Place): Promise<Spot> {
  const { rights } = standing;
  const { subject } = permission;
  const actions = anyOf(permission.action);
  if (!actions.some((action) => rights.mayWithSome(action, subject, {}))) {
    throw denied(permission.action, subject, "this project");
  }
  if (place.leaseId !== undefined) {
    const spot = await spotOfLease(store, standing, place.leaseId);
    if (actions.some((action) => rights.may(action, subject, spot))) return spot;
    throw new NotFound("lease", place.leaseId);
  }
  const isNamed = subject === "secrets" || subject === "dynamic-secrets";
  const spot =
    isNamed && rights.looksAt("metadata") && standing.spot.metadata === undefined
      ? await withMetadata(store, standing, subject)
      : standing.spot;
  const later = { ...spot, ...given(place.becomes ?? {}) };
  if (actions.some((action) => allows(rights, action, subject, spot) && allows(rights, action, subject, later))) {
    return spot;
  }
  throw denied(permission.action, subject, "this place");
}

/** A list is opened by the right to anything that may be on it, and cut down by its handler. */
function allows(rights: Standing["rights"], action: string, subject: string, spot: Spot): boolean {
  const isList =
    (spot.name === undefined && (subject === "secrets" || subject === "dynamic-secrets")) || action === "lease-read";
  return isList ? rights.mayWithSome(action, subject, spot) : rights.may(action, subject, spot);
}

function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function anyOf(action: string | readonly string[]): readonly string[] {
  return typeof action === "string" ? [action] : action;
}

function denied(action: string | readonly string[], subject: string, where: string): Refusal {
  const actions = anyOf(action);
  return new Refusal("PermissionDenied", `You are not allowed to ${actions.join(" or ")} ${subject} in ${where}`, {
    details: actions.map((action) => ({ action, subject })),
  });
}

function nameOf({ project }: Place): { what: string; name: string } {
  if ("holding" in project) return { what: project.holding, name: project.id };
  return { what: "project", name: "id" in project ? project.id : project.slug };
}

function noteSpot(visit: Visit, { environment, path, name, leaseId }: Spot & { leaseId?: string }): void {
  const { facts } = visit;
  if (environment !== undefined) facts.environment = environment;
  if (path !== undefined) facts.path = path;
  if (name !== undefined) facts.name = name;
  if (leaseId !== undefined) facts.leaseId = leaseId;
}
