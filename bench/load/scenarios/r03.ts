/** R03: 50 leases a second end, and as many begin, over 100,000 that live; a login is refused soon after each end. */
import { addBallast } from "../ballast.ts";
import { type Scenario, warm } from "../bench.ts";
import { drive, type Run } from "../driver.ts";
import { figureOf, type Line } from "../figures.ts";
import { type Lag, tellLag, watchLag } from "../lag.ts";
import { openRig } from "../rig.ts";

const PER_SECOND = 50;
/** Short: on this PostgreSQL, each account that stands makes the next one dearer. */
const TTL_SECONDS = 10;
/** Enough to keep the pace while each create waits a while. */
const WORKERS = 32;
const config = { grant: "m", rounds: 4_096 } as const;

export const r03: Scenario = {
  id: "R03",
  title: "100,000 live leases, 50 expiring a second: lag p50, p99, max",
  async run(bench) {
    const { quick, minutes } = bench.wish;
    const seconds = minutes * 60;
    const rig = await openRig(await bench.target());
    try {
      await addBallast(rig, config, quick ? 10_000 : 100_000);
      await warm(rig, 300);
      const calls = rig.calls(WORKERS);
      const watch = watchLag(rig.target);
      bench.say(`  ${PER_SECOND} leases of ${TTL_SECONDS} s begin each second, for ${seconds} s`);
      const made = await drive({ workers: WORKERS, seconds, rate: PER_SECOND }, async (worker) => {
        watch.add(await calls.create(worker, config, `${TTL_SECONDS}s`));
      });
      calls.close();
      const lag = await watch.settled((TTL_SECONDS + 60) * 1000);
      return lines(lag, made);
    } finally {
      await rig.close();
    }
  },
};

function lines(lag: Lag, made: Run): Line[] {
  const line = (measure: string, ms: number, most: number): Line => ({
    id: "R03",
    measure: `lag ${measure}, ${PER_SECOND} a second end`,
    unit: "s",
    figure: figureOf([ms / 1000]),
    goal: { most },
  });
  return [
    {
      id: "R03",
      measure: "made a second, and so ended",
      unit: "/s",
      figure: figureOf([made.rate]),
      goal: { least: PER_SECOND * 0.98 },
      notes: [
        `a create took p50 ${made.p50.toFixed(0)}, p99 ${made.p99.toFixed(0)} ms; errors ${JSON.stringify(made.errors)}`,
      ],
    },
    line("p50", lag.ended.at(0.5), 0.25),
    { ...line("p99", lag.ended.at(0.99), 1), notes: [tellLag(lag)] },
    line("max", lag.ended.max, 5),
  ];
}
