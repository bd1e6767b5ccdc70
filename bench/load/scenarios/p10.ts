/** P10: what a create costs the store with 1,000,000 live leases, over what it costs with 1,000; in turns. */
import { addBallast } from "../ballast.ts";
import { type Measured, type Scenario, warm } from "../bench.ts";
import { createsOf } from "../creates.ts";
import { figureOf } from "../figures.ts";
import { openRig } from "../rig.ts";
import { costOf } from "../shares.ts";

const config = { grant: "n", rounds: 1 } as const;

export const p10: Scenario = {
  id: "P10",
  title: "cost of a create at 1,000,000 live leases over that at 1,000 (store part)",
  async run(bench) {
    const target = await bench.target();
    const few = await openRig(target);
    try {
      const many = await openRig(target);
      try {
        const count = bench.wish.quick ? 50_000 : 1_000_000;
        await addBallast(few, config, 1_000);
        bench.say(`  writing ${count} leases`);
        await addBallast(many, config, count);
        for (const rig of [few, many]) await warm(rig, 300);
        const pairs: { few: Measured; many: Measured }[] = [];
        for (let run = 0; run < bench.wish.runs; run += 1) {
          pairs.push({ few: await createsOf(bench, few, config), many: await createsOf(bench, many, config) });
        }
        const cost = ({ run, cpu }: Measured): number => cpu.store / run.done;
        const side = (name: "few" | "many"): string => {
          const all = pairs.map((pair) => pair[name]);
          const p50 = figureOf(all.map(({ run }) => run.p50)).median;
          return `store ${costOf(all, "store").toFixed(2)} ms, server ${costOf(all, "server").toFixed(2)} ms, p50 ${p50.toFixed(1)} ms`;
        };
        return [
          {
            id: "P10",
            measure: `store CPU of a create, ${count} over 1000 live leases`,
            unit: "",
            figure: figureOf(pairs.map((pair) => cost(pair.many) / cost(pair.few))),
            goal: { most: 1.3 },
            detail: pairs,
            notes: [`at 1000: ${side("few")}; at ${count}: ${side("many")}`],
          },
        ];
      } finally {
        await many.close();
      }
    } finally {
      await few.close();
    }
  },
};
