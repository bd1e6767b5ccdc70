/**
 * Ctrl-C, once and twice.
 *
 * A terminal's Ctrl-C reaches this process, the launcher and npm, and both of these hand it on: up to three signals are
 * one wish. What comes later is a second wish.
 */

/** Milliseconds. */
const sameWish = 700;

/** Calls `end` on the first wish to stop and `now` on the second; a launcher that is gone is a first wish too. */
export function onEnding(end: () => void, now: () => void, source: NodeJS.EventEmitter = process): void {
  let first: number | null = null;
  const wish = () => {
    if (first === null) {
      first = performance.now();
      end();
    } else if (performance.now() - first > sameWish) now();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) source.on(signal, wish);
  source.once("disconnect", wish);
}
