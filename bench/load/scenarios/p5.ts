/** P5: renewing, against a bare ALTER ROLE … VALID UNTIL. */
import type { Scenario } from "../bench.ts";
import { livesOf } from "../lives.ts";
import { shareLine } from "../shares.ts";

export const p5: Scenario = {
  id: "P5",
  title: "renew m",
  async run(bench) {
    return [shareLine("P5", "renew", await livesOf(bench, { grant: "m", rounds: 1 }, 8), { least: 0.08 })];
  },
};
