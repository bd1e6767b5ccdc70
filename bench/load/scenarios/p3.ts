/** P3: making accounts that cost the target next to nothing, 32 at once: the server's own cost. */
import type { Scenario } from "../bench.ts";
import { livesOf } from "../lives.ts";
import { shareLine } from "../shares.ts";

export const p3: Scenario = {
  id: "P3",
  title: "create n: 1 round, no grant, c=32",
  async run(bench) {
    return [shareLine("P3", "create", await livesOf(bench, { grant: "n", rounds: 1 }, 32), { least: 0.13 })];
  },
};
