/** P1: making accounts with the seed's statements, which grant on all tables, without an error. */
import type { Scenario } from "../bench.ts";
import { livesOf } from "../lives.ts";
import { shareLine } from "../shares.ts";

export const p1: Scenario = {
  id: "P1",
  title: "create ro, 4,096 rounds, c=8 and 32, 0 errors",
  async run(bench) {
    const config = { grant: "ro", rounds: 4_096 } as const;
    return [
      shareLine("P1", "create", await livesOf(bench, config, 8), { least: 0.85 }),
      shareLine("P1", "create", await livesOf(bench, config, 32), { least: 0.85 }),
    ];
  },
};
