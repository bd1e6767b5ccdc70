/**
 * What a target's own catalogue says about our accounts, looked at again and again: when each came, could not log in any
 * more, and went.
 *
 * Times are those of this machine's one clock and at most one look late. Of the server it knows nothing.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Orders } from "../../e2e/testing/orders.ts";

/** One account's life as the target shows it, in milliseconds since the epoch. */
export interface Life {
  seen: number;
  /** NOLOGIN, or absent: somebody has ended it. */
  ended: number | null;
  gone: number | null;
  /** The last look at which it could log in, its own end included. */
  usable: number;
}

/** The running watch. */
export interface Watch {
  lives: Map<string, Life>;
  /** Accounts that came back after their end, and marks that two accounts carried. */
  revived: Set<string>;
  doubled: Set<string>;
  stop(): Promise<void>;
}

// Only roles that were made after the server's own start and are not the admin.
const LOOK = `select rolname as name, rolcanlogin as may, shobj_description(oid, 'pg_authid') as mark,
    rolcanlogin and coalesce(rolvaliduntil > now(), true) as usable
  from pg_roles where oid >= 16384 and rolname <> $1`;

/** Looks every so many milliseconds, until it is stopped. */
export function watchRoles(orders: Orders, everyMs: number): Watch {
  const lives = new Map<string, Life>();
  const revived = new Set<string>();
  const doubled = new Set<string>();
  let present = new Set<string>();
  let stopped = false;

  /** `asked` lies before the look, `now` after it: what was usable was so at `asked` at the latest. */
  function note(rows: Record<string, unknown>[], asked: number, now: number): void {
    const found = new Set<string>();
    const marks = new Map<string, string>();
    for (const row of rows) {
      const name = String(row.name);
      found.add(name);
      const life: Life = lives.get(name) ?? { seen: now, ended: null, gone: null, usable: 0 };
      lives.set(name, life);
      if (life.gone !== null || (life.ended !== null && row.may === true)) revived.add(name);
      if (row.may !== true) life.ended ??= now;
      if (row.usable === true) life.usable = asked;
      if (row.mark === null) continue;
      const other = marks.get(String(row.mark));
      if (other !== undefined) doubled.add(`${name} and ${other}`);
      marks.set(String(row.mark), name);
    }
    for (const name of present) {
      if (found.has(name)) continue;
      const life = lives.get(name)!;
      life.ended ??= now;
      life.gone ??= now;
    }
    present = found;
  }

  const looking = (async () => {
    while (!stopped) {
      const asked = Date.now();
      const rows = await orders.query(LOOK, [orders.admin.username]);
      note(rows, asked, Date.now());
      await pause(everyMs);
    }
  })();
  // Said when it is stopped.
  looking.catch(() => {});
  return {
    lives,
    revived,
    doubled,
    async stop() {
      stopped = true;
      await looking;
    },
  };
}

/** A credential may be used this much longer than its lease: the target's own end comes 5 s later, give or take clocks. */
const SLACK_MS = 5_100;

/** Those of these accounts that could log in later than their lease allows, and by how much. */
export function usableLate(watch: Watch, ends: { username: string; latest: number }[]): string[] {
  return ends.flatMap(({ username, latest }) => {
    const late = (watch.lives.get(username)?.usable ?? 0) - latest;
    return late > SLACK_MS ? [`${username}: ${late} ms after its end`] : [];
  });
}
