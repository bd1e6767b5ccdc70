/** What a handler is given, and what it may answer: the one shape that all routes share. */
import type { AnswerOf, Conditions, InputOf, PermissionRule, Route, RouteName, routes } from "@dayfly/contract";
import type { Engine } from "@dayfly/engine";
import type { audit, Caller, OrgRole, projects, Store, Tx } from "@dayfly/store";
import type { RightsHere } from "./access/place.ts";
import type { Settings } from "./config.ts";
import type { Feed, Follow } from "./events/feed.ts";

/** What every handler can reach. */
export interface House {
  store: Store;
  engine: Engine;
  /** What happens, for who follows it. */
  feed: Feed;
  settings: Pick<Settings, "hideRootCredentials" | "minLeaseTtl">;
  /** Why the server is not ready; null when it is. */
  unready(): Promise<string | null>;
}

/** One admitted request: parsed, authenticated, and allowed to be here. */
export interface Ask<R extends Route = Route> extends RightsHere {
  input: InputOf<R>;
  /** What the caller names this request, on the routes that take such a key. */
  idempotencyKey: string | null;
  caller: Caller;
  orgRole: OrgRole;
  /** The session of a person; null for everybody else. */
  sessionId: string | null;
  /** `performance.now()` when the request arrived. */
  arrivedAt: number;
  /** The project of a project's route. */
  project: projects.Project;
  /** The same, as the engine wants it; only for routes whose place has an environment. */
  place: { projectId: string; environment: string; path: string };
  /** Whether the caller's rights depend on this field of things: then who may change it could widen them. */
  isBoundBy(field: keyof Conditions): boolean;
  /**
   * Refuses to hand out rules that hold more, or for longer, than the caller does in this project. `end` in ISO 8601.
   * @throws Refusal 403
   */
  refuseExcess(rules: PermissionRule[], end?: string): void;
  /** Runs the handler's writes in one transaction, together with the request's audit row. At most once a request. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Writes the request's audit row in a transaction that the handler runs itself. */
  record(tx: Tx): Promise<void>;
  /** Adds to the request's audit row. */
  note(facts: Omit<audit.AuditEvent, "event" | "outcome">): void;
  /** The last event that the caller has heard, as it says. */
  lastEventId: string | null;
  /** Asks again who the caller is and what it may. @throws Refusal, NotFound when it may not be here any more */
  rights(): Promise<RightsHere>;
  /** Answers with a stream, once the request is recorded. */
  follow(stream: Follow): void;
  /** What to do if the answer cannot be handed over whole. */
  ifUndelivered(act: () => Promise<void>): void;
}

/** Does what a route says, in one or two calls to engine or store. */
export type Handler<R extends Route> = (ask: Ask<R>, house: House) => Promise<AnswerOf<R>>;

/** Every route's handler, by the route's name. */
export type Handlers = { [Name in RouteName]: Handler<(typeof routes)[Name]> };
