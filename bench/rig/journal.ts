/** What the server has answered about leases, and with it promised; and callers who live by it. */
import { setTimeout as pause } from "node:timers/promises";
import type { Credential } from "../../e2e/testing/project.ts";
import type { Caller } from "./caller.ts";

/** A lease that a caller was given. */
export interface Held extends Credential {
  secret: string;
  /** When the answer was here. */
  at: number;
  /** Its end if a renewal that was never answered has happened. */
  latest: number;
  /** no: it lives. asked: no answer came, so it may have ended. promised: 503, it will end. proven: 200, it has. */
  end: "no" | "asked" | "promised" | "proven";
}

/** How callers live. Shares lie between 0 and 1. */
export interface Habits {
  caller: Caller;
  /** The node to ask next. */
  url(): string;
  secrets: string[];
  /** Seconds. */
  ttl(): number;
  /** Adds this many seconds. */
  renew?: { share: number; seconds: number };
  revoke?: { share: number };
  /** Told of each lease as it is handed out, and as its revocation is answered with success. */
  issued?(lease: Held): unknown;
  revoked?(lease: Held): unknown;
}

/** What callers hold, and one life: a lease from its create to what its holder does last. */
export interface Holding {
  held: Held[];
  once(): Promise<void>;
}

/** Running callers. */
export interface Living {
  held: Held[];
  stop(): Promise<void>;
}

/** Whether so many hundredths of the time. */
const chance = (share = 0): boolean => Math.random() < share;

/** Makes callers of these habits. */
export function holding(habits: Habits): Holding {
  const held: Held[] = [];

  async function once(): Promise<void> {
    const { caller, url, secrets, renew } = habits;
    const secret = secrets[Math.floor(Math.random() * secrets.length)]!;
    const { lease } = await caller.create(url(), secret, habits.ttl());
    if (!lease) return;
    const mine: Held = { ...lease, secret, at: Date.now(), latest: lease.expireAt.getTime(), end: "no" };
    held.push(mine);
    await habits.issued?.(mine);
    if (renew && chance(renew.share)) {
      mine.latest += renew.seconds * 1_000;
      const reply = await caller.renew(url(), mine.id, renew.seconds);
      if (reply.status === 200) {
        mine.expireAt = new Date(reply.body.lease.expireAt);
        mine.latest = mine.expireAt.getTime();
      } else if (reply.status >= 400 && reply.status < 500) mine.latest = mine.expireAt.getTime();
    }
    if (!chance(habits.revoke?.share)) return;
    mine.end = "asked";
    const reply = await caller.revoke(url(), mine.id);
    if (reply.status === 200) mine.end = "proven";
    else if (reply.error === "RevocationPending") mine.end = "promised";
    if (reply.status === 200) await habits.revoked?.(mine);
  }

  return { held, once };
}

/** Sets so many callers to work, each with so many milliseconds between two lives, until they are stopped. */
export function live(callers: number, restMs: () => number, habits: Habits): Living {
  const { held, once } = holding(habits);
  let stopped = false;
  const resting = new AbortController();
  const working = Array.from({ length: callers }, async () => {
    while (!stopped) {
      await once();
      await pause(restMs(), undefined, { signal: resting.signal }).catch(() => {});
    }
  });
  return {
    held,
    async stop() {
      stopped = true;
      resting.abort();
      await Promise.all(working);
    },
  };
}
