/**
 * One request from its arrival to its end. Owns the rule of the audit trail at the door: every request that is not
 * declared unaudited has a durable row before its answer leaves; a handler that writes has it in its own transaction, a
 * request that moves a lease has the lease's rows, and any other gets its one row here.
 */
import { performance } from "node:perf_hooks";
import type { Route } from "@dayfly/contract";
import { audit, type Caller, type OrgRole, type Single, type Store } from "@dayfly/store";
import type { Follow } from "./events/feed.ts";

/** What is known of a request so far. */
export interface Visit {
  /** null for an address that no route has, and for what is no request at all. */
  route: Route | null;
  caller: Caller;
  orgRole: OrgRole;
  /** The session of a person; null for everybody else. */
  sessionId: string | null;
  /** `performance.now()` when it arrived. */
  arrivedAt: number;
  /** What its audit row will say beyond who, when and which event. */
  facts: Omit<audit.AuditEvent, "event" | "outcome">;
  /** Set by a handler whose answer must not be lost: called when it could not be handed over whole. */
  undelivered: (() => void) | null;
  /** Set by a handler whose answer is a stream. */
  stream: Follow | null;
}

/** Starts a visit by somebody who has not said who they are. */
export function arrive(route: Route | null, from: Omit<Caller, "actor">): Visit {
  return {
    route,
    caller: { actor: { type: "anonymous", id: null, name: "" }, ...from },
    orgRole: "no-access",
    sessionId: null,
    arrivedAt: performance.now(),
    facts: {},
    undelivered: null,
    stream: null,
  };
}

/** How a request ended, for its row. */
export interface Ending {
  outcome: "done" | "denied" | "failed";
  status: number;
  error?: string;
}

/** Writes the request's own row, in the transaction of what it did. */
export function record(tx: Single, visit: Visit, ending: Ending): Promise<void> {
  const { route } = visit;
  const facts = route === null ? {} : { method: route.method, route: route.path };
  return audit.append(tx, visit.caller, {
    event: route === null ? "unknown-route" : route.audit,
    ...facts,
    ...visit.facts,
    ...ending,
  });
}

/** Makes sure that the request is recorded, unless its rows are durable already or it needs none. */
export async function settle(store: Store, visit: Visit, ending: Ending): Promise<void> {
  if (visit.route?.audit === "unaudited" || audit.recorded(visit.caller) > 0) return;
  // One row and nothing with it: it needs no transaction around it.
  await store.single((db) => record(db, visit, ending));
}
