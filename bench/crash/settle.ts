/** Waiting after a batch until nothing can land late any more, and counting then. */
import { setTimeout as pause } from "node:timers/promises";
import type { Rig } from "./rig.ts";
import type { Count } from "./witness.ts";

/** A row that a killed server had claimed is claimed again after this long; all else falls due before. */
const AT_LEAST_MS = 62_000;
/** Whatever is still there after this long outlives its end. */
const AT_MOST_MS = 120_000;

/** What was found, and how long after the last start it took. */
export interface Settled {
  count: Count;
  ms: number;
  /** Whether every revocation had ended, and the roles were those of live leases. */
  quiet: boolean;
}

/** Waits and counts. `began` is the last start, by `performance.now()`. */
export async function settle(rig: Rig, began: number): Promise<Settled> {
  const passed = (): number => performance.now() - began;
  await pause(Math.max(0, AT_LEAST_MS - passed()));
  let quiet = false;
  while (!quiet && passed() < AT_MOST_MS) {
    const listed = await rig.listed();
    quiet = !listed.some(({ ending }) => ending) && (await rig.witness.unlisted(listed)).length === 0;
    if (!quiet) await pause(500);
  }
  const ms = passed();
  return { count: await rig.witness.count(await rig.listed()), ms, quiet };
}
