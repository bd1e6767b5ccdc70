/** P2: making accounts that are put into a role, at PostgreSQL's usual rounds of hashing and at one. */
import type { Scenario } from "../bench.ts";
import { livesOf } from "../lives.ts";
import { shareLine } from "../shares.ts";

export const p2: Scenario = {
  id: "P2",
  title: "create m: 4,096 rounds; 1 round",
  async run(bench) {
    return [
      shareLine("P2", "create", await livesOf(bench, { grant: "m", rounds: 4_096 }, 8), { least: 0.75 }),
      shareLine("P2", "create", await livesOf(bench, { grant: "m", rounds: 1 }, 8), { least: 0.05 }),
    ];
  },
};
