/**
 * Lag: how long after its end a credential is still of use, seen at the target: it logs in, or a session of it is open.
 *
 * A superuser of the target asks for the roles that are overdue and not yet ended so, every 20 ms; so a lag is exact to
 * that, never shorter than it was. Until the account is gone is told apart: one that is fenced is no live credential.
 * `VALID UNTIL` is left out of it: what PostgreSQL ends by itself is not our doing. Some of those that are ended by its word
 * are tried by a login.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Histogram } from "./histogram.ts";
import type { Lease } from "./rig.ts";
import type { Target } from "./target.ts";

const EVERY_MS = 20;
/** One of so many is tried by a login. */
const TRIED = 25;

/** What was seen of leases at their end; times in milliseconds from due. */
export interface Lag {
  /** Until the login is refused and no session is open. */
  ended: Histogram;
  /** Until the account is gone. */
  gone: Histogram;
  /** Logins tried after the end, and how many of them got in. */
  tried: number;
  gotIn: number;
  /** Leases that were not gone when the watch ended. */
  left: number;
  /** When the last account was seen to be gone. */
  lastGoneAt: number;
}

/** A watch over leases. */
export interface LagWatch {
  /** Adds a lease; its end may be moved until it is due. */
  add(lease: Lease): void;
  /** Waits until all that was added is gone, or for so long. */
  settled(ms: number): Promise<Lag>;
}

/** Starts a watch. */
export function watchLag(target: Target): LagWatch {
  const lag: Lag = { ended: new Histogram(), gone: new Histogram(), tried: 0, gotIn: 0, left: 0, lastGoneAt: 0 };
  const waiting = new Set<Lease>();
  const ended = new Set<Lease>();
  const logins: Promise<void>[] = [];
  let stopped = false;

  async function tryLogin(lease: Lease): Promise<void> {
    lag.tried += 1;
    const client = await target.connect(lease).catch(() => null);
    if (client === null) return;
    lag.gotIn += 1;
    await client.end();
  }

  async function look(): Promise<void> {
    const now = Date.now();
    const due = [...waiting].filter((lease) => lease.expiresAt <= now);
    if (due.length === 0) return;
    const rows = await target.query(
      `select rolname, rolcanlogin or oid in (select usesysid from pg_stat_activity where usesysid is not null) as live
       from pg_roles where rolname = any($1)`,
      [due.map((lease) => lease.username)],
    );
    const at = Date.now();
    const there = new Map(rows.map((row) => [row.rolname, row.live]));
    for (const lease of due) {
      const isLive = there.get(lease.username);
      if (isLive !== true && !ended.has(lease)) {
        ended.add(lease);
        lag.ended.add(at - lease.expiresAt);
        if (lag.ended.total % TRIED === 1) logins.push(tryLogin(lease));
      }
      if (isLive !== undefined) continue;
      lag.gone.add(at - lease.expiresAt);
      lag.lastGoneAt = at;
      waiting.delete(lease);
    }
  }

  const watching = (async () => {
    while (!stopped) {
      await look();
      await pause(EVERY_MS);
    }
  })();

  return {
    add: (lease) => void waiting.add(lease),
    async settled(ms) {
      const end = Date.now() + ms;
      // A watch that failed says so here.
      while (waiting.size > 0 && Date.now() < end) await Promise.race([watching, pause(EVERY_MS)]);
      stopped = true;
      await watching;
      await Promise.all(logins);
      lag.left = waiting.size;
      return lag;
    },
  };
}

/** The middle, the 99th of 100 and the longest, in seconds, as a sentence. */
export function tellLag({ ended, gone, tried, gotIn, left }: Lag): string {
  const times = (all: Histogram): string =>
    [all.at(0.5), all.at(0.99), all.max].map((ms) => (ms / 1000).toFixed(2)).join(" / ");
  const logins = `${tried} logins tried after it, ${gotIn} got in`;
  return `p50 / p99 / max: no login and no session after ${times(ended)} s, account gone after ${times(gone)} s; ${logins}; ${left} left`;
}
