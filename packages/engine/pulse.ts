/**
 * Whether this node itself stood still: stopped, starved or paused with its machine.
 *
 * All its time limits are over when it goes on, and none of them says anything of a target.
 */

const BEAT_MS = 500;
/** A beat that is later than this was missed. */
const STILL_MS = 2_000;

export interface Pulse {
  /** Whether the node stood still for a while at or after this moment of `now`. */
  stoodStillSince(moment: number): boolean;
  stop(): void;
}

/** Feels the pulse of this process from now on. */
export function createPulse(now: () => number = () => performance.now()): Pulse {
  let last = now();
  let wokeAt = Number.NEGATIVE_INFINITY;
  const beat = (): void => {
    const at = now();
    if (at - last > STILL_MS) wokeAt = at;
    last = at;
  };
  const timer = setInterval(beat, BEAT_MS).unref();
  return {
    stoodStillSince(moment) {
      // Who wakes up may come here before the timer does.
      beat();
      return wokeAt >= moment;
    },
    stop: () => clearInterval(timer),
  };
}
