/** What the matrix has to know of a route to ask it: the request, and how what it is about is made. */
import type { RouteName } from "@dayfly/contract";
import type { Ground, Lab, Thing } from "./lab.ts";

/** A request, but for its method and its token. */
export interface Asked {
  path: string;
  body?: unknown;
}

/** One route of the matrix. */
export interface Entry {
  /** The request about a thing in a project. */
  ask(ground: Ground, thing: Thing): Asked;
  /**
   * Makes the thing, in a project or for whoever holds the token. Without it the request makes something itself, or is about
   * the project as a whole.
   */
  make?(lab: Lab, ground: Ground, token: string): Promise<Thing>;
  /** Who is answered has used the thing up, so that the next caller gets another. */
  spends?: true;
  /** The thing is its maker's: callers are also asked for what they made themselves. */
  isOwned?: true;
  /** The thing is the organization's, so that in another project there is no other. */
  isShared?: true;
  /** A thing that is not there; absent: an id that is nobody's. */
  missing?(lab: Lab): Promise<Thing>;
  /** Deletes the project, and so has one of its own to ask about. */
  endsProject?: true;
  /** Refused to machines with a ForbiddenError. */
  isForPeople?: true;
  /** Ends or replaces the session that asks, so that each caller has one of its own. */
  endsSession?: true;
  /** A right that the handler asks for besides, at the thing's place or anywhere in the project, and how its lack is told. */
  also?: { action: string; subject: string; where: "there" | "anywhere"; told?: "NotFound" };
}

/** Entries of some routes, by their names. */
export type Entries = Partial<Record<RouteName, Entry>>;
