/** P8: a start over 100,000 leases; one that loads its leases would show here. */
import { addBallast } from "../ballast.ts";
import type { Scenario } from "../bench.ts";
import { type Figure, figureOf, type Line } from "../figures.ts";
import { openRig, type Rig } from "../rig.ts";

const config = { grant: "n", rounds: 1 } as const;
const RESTARTS = 5;

export const p8: Scenario = {
  id: "P8",
  title: "ready after a restart with 100,000 leases",
  async run(bench) {
    const { quick } = bench.wish;
    const count = quick ? 10_000 : 100_000;
    const restarts = quick ? 2 : RESTARTS;
    const rig = await openRig(await bench.target());
    try {
      bench.say(`  writing ${count} leases`);
      await addBallast(rig, config, count);
      return [
        ready(`after a stop, ${count} leases`, await restarted(rig, restarts, () => rig.server.stop())),
        ready(`after SIGKILL of all, ${count} leases`, await restarted(rig, restarts, () => rig.server.kill())),
      ];
    } finally {
      await rig.close();
    }
  },
};

async function restarted(rig: Rig, times: number, end: () => Promise<unknown>): Promise<Figure> {
  const seconds: number[] = [];
  for (let time = 0; time < times; time += 1) {
    await end();
    const began = performance.now();
    await rig.server.restart();
    seconds.push((performance.now() - began) / 1000);
  }
  return figureOf(seconds);
}

function ready(measure: string, figure: Figure): Line {
  return { id: "P8", measure: `ready ${measure}`, unit: "s", figure, goal: { most: 3 } };
}
