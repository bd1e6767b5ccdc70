/** P4: revoking with fence, sessions and proof, against a bare REVOKE and DROP in one round trip. */
import type { Scenario } from "../bench.ts";
import { livesOf } from "../lives.ts";
import { shareLine } from "../shares.ts";

export const p4: Scenario = {
  id: "P4",
  title: "revoke ro; m",
  async run(bench) {
    return [
      shareLine("P4", "revoke", await livesOf(bench, { grant: "ro", rounds: 4_096 }, 8), { least: 0.28 }),
      shareLine("P4", "revoke", await livesOf(bench, { grant: "m", rounds: 1 }, 8), { least: 0.08 }),
    ];
  },
};
