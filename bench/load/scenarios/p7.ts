/**
 * P7: how long 2,000 leases outlive their end, at an account that costs nothing and at the seed's. What counts is until the
 * credential is of no use: no login, no open session. Until the account is gone stands beside it.
 */
import type { Bench, Scenario } from "../bench.ts";
import { type Expiry, expire } from "../expiry.ts";
import { figureOf, type Line } from "../figures.ts";
import type { Histogram } from "../histogram.ts";
import { type Lag, tellLag } from "../lag.ts";
import { type Grant, nameOf } from "../target.ts";

export const p7: Scenario = {
  id: "P7",
  title: "expiry lag p99 of 2,000 leases: n; ro",
  async run(bench) {
    // Grants pile up: a second run of the seed's statements would only take its time.
    return [...(await lines(bench, "n", Math.min(3, bench.wish.runs), 0.5)), ...(await lines(bench, "ro", 1, 10))];
  },
};

async function lines(bench: Bench, grant: Grant, runs: number, most: number): Promise<Line[]> {
  const config = { grant, rounds: 1 };
  const count = bench.wish.quick ? 200 : 2_000;
  const rig = await bench.rig();
  const all: Expiry[] = [];
  for (let run = 0; run < runs; run += 1) {
    await rig.target.tidy();
    all.push(await expire(bench, rig, config, count, 240));
  }
  const line = (until: string, times: (lag: Lag) => Histogram): Line => ({
    id: "P7",
    measure: `lag p99, ${count} leases of ${nameOf(config)}, until ${until}`,
    unit: "s",
    figure: figureOf(all.map(({ lag }) => times(lag).at(0.99) / 1000)),
  });
  const notes = all.map(({ lag, spread }) => `due within ${spread.toFixed(1)} s; ${tellLag(lag)}`);
  return [
    { ...line("no login, no session", ({ ended }) => ended), goal: { most }, notes },
    line("gone", ({ gone }) => gone),
  ];
}
