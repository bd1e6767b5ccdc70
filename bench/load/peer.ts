/**
 * A peer on the same machine, in the same run, by the same driver: only where its binary is given.
 *
 * Owns that question. What drives a peer gives the `Calls` of rig.ts and the processes to be watched, and `ourLife` in
 * lives.ts does the rest; for OpenBao nobody has written it yet, so goals are shares of the raw limit.
 */

/** What is said of a peer before anything is measured. */
export function peer(env: NodeJS.ProcessEnv): string {
  if (!env.BAO_BIN) return "no peer: BAO_BIN is not set, so goals are shares of the raw limit";
  return "no peer: BAO_BIN is set, but nothing drives it yet, so goals are shares of the raw limit";
}
