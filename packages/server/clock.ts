/**
 * This machine's clock beside the database's. Nothing is decided by it: when a lease is due, the database says. But a clock that is far
 * off makes log lines lie and certificates fail, so it is told, and far off is not ready.
 */
import { leases, type Store } from "@dayfly/store";
import type { ServerLog } from "./log.ts";

const EVERY_MS = 60_000;
const TOLD_SECONDS = 2;
const UNREADY_SECONDS = 30;

/** What is known of the distance between the two. */
export interface Clock {
  /** Why the server is not ready because of it; null when it is. */
  fault(): string | null;
  /** Looks now. */
  look(): Promise<void>;
  stop(): void;
}

/** Compares the clocks now and every minute until stopped. `now` is this machine's, in milliseconds. */
export async function keepClock(
  store: Store,
  log: Pick<ServerLog, "warn">,
  now: () => number = () => Date.now(),
): Promise<Clock> {
  let ahead = 0;
  async function look(): Promise<void> {
    try {
      const before = now();
      const theirs = (await leases.clock(store)).getTime();
      ahead = ((before + now()) / 2 - theirs) / 1000;
      if (Math.abs(ahead) > TOLD_SECONDS)
        log.warn({ aheadSeconds: Math.round(ahead) }, "this machine's clock is off the database's");
    } catch (error) {
      log.warn({ err: error }, "the database's clock could not be read");
    }
  }
  await look();
  const timer = setInterval(() => void look(), EVERY_MS);
  timer.unref();
  return {
    look,
    fault: () =>
      Math.abs(ahead) > UNREADY_SECONDS
        ? `this machine's clock is ${Math.abs(Math.round(ahead))} s ${ahead > 0 ? "ahead of" : "behind"} the database's: set it`
        : null,
    stop: () => clearInterval(timer),
  };
}
