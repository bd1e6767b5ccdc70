/**
 * Open connections of admins to targets: reused for 30 s, one call at a time each.
 *
 * Keyed by the configuration they were opened with, so a new password or host never meets an old connection. Each
 * connection has a signal of its own, which the running call's deadline aborts: that is how a call is stopped. A call
 * that failed may have left anything behind: its connection is closed, not reused.
 */
import type { AnyTarget, Net } from "@dayfly/targets";

const IDLE_MS = 30_000;
/** A connection that answered so lately is taken as it is. */
const FRESH_MS = 250;
/** An idle connection that does not tell the time within this is dead, whatever its socket says. */
const LOOK_MS = 2_000;

/** One connection while a call uses it. */
export interface Link {
  client: unknown;
  /** The target's own time when the call began, where it tells, and `performance.now()` then. */
  clock: { target: Date; at: number } | null;
  /** Waits for a call of the target; when the deadline comes first, stops it. @throws the signal's reason then */
  run<T>(call: Promise<T>): Promise<T>;
}

/** What a connection is opened with. */
export interface Endpoint {
  /** Equal keys share connections; null is for one use. */
  key: string | null;
  target: AnyTarget;
  config: unknown;
  /** Has the last word on each new connection: when it is opened, and whether at all. */
  enter?<T>(signal: AbortSignal, connect: () => Promise<T>): Promise<T>;
}

export interface Connections {
  /**
   * Runs `work` on a connection that answers. Only what goes through `run` is cut off by `signal`: what `work` writes
   * into the store is never left half-known.
   * @throws what the target throws, or the signal's reason
   */
  use<T>(endpoint: Endpoint, signal: AbortSignal, work: (link: Link) => Promise<T>): Promise<T>;
  /** Closes what is idle; a running call closes its own at its end. */
  close(): Promise<void>;
}

interface Open {
  client: unknown;
  /** As it was told last; the distance between two clocks does not change within seconds. */
  clock: Link["clock"];
  usedAt: number;
  target: AnyTarget;
  stop: AbortController;
  timer?: NodeJS.Timeout;
}

/** Makes the connections of one node. */
export function createConnections(
  netOf: (signal: AbortSignal) => Net,
  now: () => number = () => performance.now(),
): Connections {
  const idle = new Map<string, Open[]>();
  let closing = false;

  // A connection that is thrown away may fail to say goodbye; there is nothing left to do about it.
  const discard = (open: Open): Promise<void> => open.target.close(open.client).catch(() => undefined);

  function nextIdle(key: string | null): Open | undefined {
    return key === null ? undefined : idle.get(key)?.pop();
  }

  function forget(key: string, open: Open): void {
    const list = idle.get(key)?.filter((other) => other !== open) ?? [];
    if (list.length === 0) idle.delete(key);
    else idle.set(key, list);
  }

  function keep(key: string, open: Open): void {
    open.timer = setTimeout(() => {
      forget(key, open);
      void discard(open);
    }, IDLE_MS);
    open.timer.unref();
    idle.set(key, [...(idle.get(key) ?? []), open]);
  }

  async function tellTime(open: Open): Promise<Link["clock"]> {
    if (!open.target.clock) return null;
    const before = performance.now();
    const target = await open.target.clock(open.client);
    open.clock = { target, at: (before + performance.now()) / 2 };
    return open.clock;
  }

  /** An idle connection that still answers, else a new one. */
  async function acquire(endpoint: Endpoint, signal: AbortSignal): Promise<{ open: Open; clock: Link["clock"] }> {
    for (let open = nextIdle(endpoint.key); open; open = nextIdle(endpoint.key)) {
      clearTimeout(open.timer);
      if (now() - open.usedAt < FRESH_MS) return { open, clock: open.clock };
      try {
        const soon = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
        return { open, clock: await stoppedBy(soon, open.stop, tellTime(open)) };
      } catch (error) {
        void discard(open);
        if (signal.aborted) throw error;
      }
    }
    const stop = new AbortController();
    const { target, config } = endpoint;
    const connect = () => stoppedBy(signal, stop, target.connect(config, netOf(stop.signal)));
    const client = await (endpoint.enter ? endpoint.enter(signal, connect) : connect());
    const open: Open = { client, target, stop, clock: null, usedAt: now() };
    try {
      return { open, clock: await stoppedBy(signal, stop, tellTime(open)) };
    } catch (error) {
      void discard(open);
      throw error;
    }
  }

  return {
    async use(endpoint, signal, work) {
      const { open, clock } = await acquire(endpoint, signal);
      try {
        const run = async <R>(call: Promise<R>): Promise<R> => {
          const answer = await stoppedBy(signal, open.stop, call);
          // Not at the end of the work: that may have waited for something else.
          open.usedAt = now();
          return answer;
        };
        const result = await work({ client: open.client, clock, run });
        if (closing || endpoint.key === null) await discard(open);
        else keep(endpoint.key, open);
        return result;
      } catch (error) {
        void discard(open);
        throw error;
      }
    },
    async close() {
      closing = true;
      const all = [...idle.values()].flat();
      idle.clear();
      for (const open of all) clearTimeout(open.timer);
      await Promise.all(all.map(discard));
    },
  };
}

/** Waits for `work`, but no longer than until `signal` aborts: then `stop` ends what runs. */
async function stoppedBy<T>(signal: AbortSignal, stop: AbortController, work: Promise<T>): Promise<T> {
  let abort: () => void = () => {};
  const aborted = new Promise<never>((_, refuse) => {
    abort = () => {
      stop.abort(signal.reason);
      refuse(signal.reason);
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
