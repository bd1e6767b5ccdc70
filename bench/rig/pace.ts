/** An act at an even pace, whether or not the one before has ended. */
import { setTimeout as pause } from "node:timers/promises";

/** Does it every so many milliseconds. @returns how to stop it, which waits for what runs */
export function every(ms: number, act: () => Promise<void>): () => Promise<void> {
  const running = new Set<Promise<void>>();
  const stop = new AbortController();
  const pacing = (async () => {
    for (let at = performance.now(); !stop.signal.aborted; at += ms) {
      await pause(Math.max(0, at - performance.now()), undefined, { signal: stop.signal }).catch(() => {});
      if (stop.signal.aborted) return;
      const one: Promise<void> = act().finally(() => running.delete(one));
      running.add(one);
    }
  })();
  return async () => {
    stop.abort();
    await pacing;
    await Promise.all(running);
  };
}
