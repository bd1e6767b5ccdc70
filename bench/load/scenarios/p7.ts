/** P7: how long 2,000 leases outlive their end, at an account that costs nothing and at the seed's. */
import type { Bench, Scenario } from "../bench.ts";
import { expire } from "../expiry.ts";
import { figureOf, type Line } from "../figures.ts";
import { tellLag } from "../lag.ts";
import { type Grant, nameOf } from "../target.ts";

export const p7: Scenario = {
  id: "P7",
  title: "expiry lag p99 of 2,000 leases: n; ro",
  async run(bench) {
    // Grants pile up: a second run of the seed's statements would only take its time.
    return [await line(bench, "n", Math.min(3, bench.wish.runs), 0.5), await line(bench, "ro", 1, 10)];
  },
};

async function line(bench: Bench, grant: Grant, runs: number, most: number): Promise<Line> {
  const config = { grant, rounds: 1 };
  const count = bench.wish.quick ? 200 : 2_000;
  const rig = await bench.rig();
  const all = [];
  for (let run = 0; run < runs; run += 1) {
    await rig.target.tidy();
    all.push(await expire(bench, rig, config, count, 240));
  }
  return {
    id: "P7",
    measure: `lag p99, ${count} leases of ${nameOf(config)}`,
    unit: "s",
    figure: figureOf(all.map(({ lag }) => lag.refused.at(0.99) / 1000)),
    goal: { most },
    notes: all.map(({ lag, spread }) => `due within ${spread.toFixed(1)} s; ${tellLag(lag)}`),
  };
}
