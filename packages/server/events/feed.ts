/**
 * The feed of events of one node: one reader of the audit trail for all who follow it.
 *
 * The trail's sequence is the order of events on all nodes, so whoever is cut off goes on at any other node where it was.
 * Owns who may follow, for how long, and how much is held for a reader who is slow: nothing beyond what the connection's
 * own buffer takes. What a row means is `news.ts`.
 */
import { auditReads, type Store } from "@dayfly/store";
import type { RightsHere } from "../access/place.ts";
import { Refusal } from "../refusal.ts";
import { type News, newsOf } from "./news.ts";

const LOOK_MS = 1_000;
const STILL_THERE_MS = 15_000;
const AT_ONCE = 1_000;
/** Who has missed more than so many rows of the trail begins anew. */
const MOST_MISSED = 10_000n;
const MOST_OF_ONE_CALLER = 10;
const MOST_IN_ALL = 500;
/** Bytes that a connection may be behind. */
const MOST_BEHIND = 256 * 1024;

/** Where a follower's events go. */
export interface Outlet {
  /** @returns bytes that wait to be sent */
  write(text: string): number;
  /** The last word has been said. */
  end(): void;
  /** Without one. */
  cut(): void;
}

/** What somebody follows. */
export interface Interest {
  projectId: string;
  environment?: string | undefined;
  /** This folder and those below. */
  path?: string | undefined;
  /** The last event that was heard; null to begin now. */
  after: bigint | null;
  /** Who follows, for the limit. */
  holder: string;
  /** Asks again who the caller is and what it may. @throws when it may not be here any more */
  rights(): Promise<RightsHere>;
}

/** Begins to follow. @returns what is to be done when the connection is closed */
export type Follow = (outlet: Outlet) => () => void;

export interface Feed {
  /** @throws Refusal when there is no room for one more */
  follow(interest: Interest): Follow;
  /** Ends all streams, and takes none any more. */
  close(): void;
}

interface Follower extends Interest {
  outlet: Outlet;
  /** Up to where it has been served. */
  at: bigint;
  saidAt: number;
}

/** Makes the feed of a node; it reads nothing while nobody follows. `lookMs`: how often it does else. */
export function createFeed(store: Store, warn: (error: unknown) => void, lookMs = LOOK_MS): Feed {
  const followers = new Set<Follower>();
  let closed = false;
  let looking = false;
  let timer: NodeJS.Timeout | undefined;

  function hasRoom(holder: string): boolean {
    const own = [...followers].filter((follower) => follower.holder === holder).length;
    return own < MOST_OF_ONE_CALLER && followers.size < MOST_IN_ALL;
  }

  function soon(ms: number): void {
    clearTimeout(timer);
    if (!closed && !looking && followers.size > 0) timer = setTimeout(() => void look(), ms).unref();
  }

  async function look(): Promise<void> {
    looking = true;
    const more = await passOn().catch((error) => {
      warn(error);
      return false;
    });
    looking = false;
    soon(more ? 0 : lookMs);
  }

  /** One stretch of the trail for everybody. @returns whether there may be more at once */
  async function passOn(): Promise<boolean> {
    const all = [...followers];
    const from = all.reduce((least, { at }) => (at < least ? at : least), all[0]!.at);
    const rows = await auditReads.after(store, from, AT_ONCE);
    const news = await newsOf(store, rows, new Set(all.map(({ projectId }) => projectId)));
    const end = rows.length > 0 ? BigInt(rows.at(-1)!.sequence) : from;
    await Promise.all(all.map((follower) => serve(follower, news, end)));
    return rows.length === AT_ONCE;
  }

  async function serve(follower: Follower, news: News[], end: bigint): Promise<void> {
    const fresh = news.filter(
      ({ sequence, spots }) => sequence > follower.at && spots.some((spot) => concerns(follower, spot)),
    );
    const isQuiet = performance.now() - follower.saidAt >= STILL_THERE_MS;
    if (fresh.length > 0 || isQuiet) {
      const rights = await follower.rights().catch(() => undefined);
      if (rights === undefined) {
        followers.delete(follower);
        follower.outlet.end();
        return;
      }
      for (const one of fresh) tell(follower, one, rights);
    }
    if (end > follower.at) follower.at = end;
    // With the id, so that who comes back need not read again what was not for it.
    if (isQuiet) say(follower, `: still here\nid: ${follower.at}\n\n`);
  }

  function tell(follower: Follower, { sequence, kind, spots, data }: News, rights: RightsHere): void {
    // A target is the matter of whoever may see any lease on it.
    const may = kind.startsWith("target.") ? rights.mayWithSome : rights.may;
    const spot = spots.find((one) => concerns(follower, one) && may("lease-read", "dynamic-secrets", one));
    if (!spot) return;
    const { projectId, environment: environmentSlug, path, name: dynamicSecretName } = spot;
    const body = { ...data, projectId, environmentSlug, path, dynamicSecretName };
    say(follower, `id: ${sequence}\nevent: ${kind}\ndata: ${JSON.stringify(body)}\n\n`);
  }

  function say(follower: Follower, text: string): void {
    if (!followers.has(follower)) return;
    follower.saidAt = performance.now();
    if (follower.outlet.write(text) <= MOST_BEHIND) return;
    followers.delete(follower);
    follower.outlet.cut();
  }

  async function begin(follower: Follower, isOver: () => boolean): Promise<void> {
    const head = await auditReads.head(store);
    if (isOver()) return;
    // Others may have come since the door let this one in.
    if (closed || !hasRoom(follower.holder)) {
      follower.outlet.end();
      return;
    }
    const { after, projectId } = follower;
    const isKnown = after !== null && after <= head && head - after <= MOST_MISSED;
    follower.at = isKnown ? after : head;
    followers.add(follower);
    say(follower, `retry: 3000\nid: ${follower.at}\n\n`);
    if (after !== null && !isKnown) {
      const data = { at: new Date().toISOString(), projectId };
      say(follower, `id: ${head}\nevent: reset\ndata: ${JSON.stringify(data)}\n\n`);
    }
    soon(0);
  }

  return {
    follow(interest) {
      if (closed) throw new Refusal("ServiceUnavailable", "The server is draining: ask again", { retryAfter: 1 });
      if (!hasRoom(interest.holder)) {
        const message = "Too many streams of events are open: close one, or wait until one ends";
        throw new Refusal("RateLimitExceeded", message, { retryAfter: 15 });
      }
      return (outlet) => {
        const follower: Follower = { ...interest, outlet, at: 0n, saidAt: performance.now() };
        let isOver = false;
        begin(follower, () => isOver).catch((error) => {
          warn(error);
          outlet.cut();
        });
        return () => {
          isOver = true;
          followers.delete(follower);
        };
      };
    },
    close() {
      closed = true;
      clearTimeout(timer);
      for (const { outlet } of followers) outlet.end();
      followers.clear();
    },
  };
}

function concerns({ projectId, environment, path }: Interest, spot: News["spots"][number]): boolean {
  if (spot.projectId !== projectId) return false;
  if (environment !== undefined && spot.environment !== environment) return false;
  if (path === undefined || path === "/") return true;
  return spot.path === path || (spot.path ?? "").startsWith(`${path}/`);
}
