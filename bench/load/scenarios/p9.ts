/** P9: what the server and its PostgreSQL take of memory, with no lease and with 100,000, at rest and in use. */
import { setTimeout as pause } from "node:timers/promises";
import { addBallast } from "../ballast.ts";
import { type Scenario, warm } from "../bench.ts";
import { figureOf, type Line } from "../figures.ts";
import { postmasterOf, proportionalOf, residentOf } from "../processes.ts";
import { openRig, type Rig } from "../rig.ts";

const config = { grant: "n", rounds: 1 } as const;
/** For what a start leaves running to come to rest. */
const REST_MS = 3_000;

/** Megabytes. */
interface Memory {
  server: number;
  store: number;
}

export const p9: Scenario = {
  id: "P9",
  title: "memory at 0 and at 100,000 leases, plus the embedded PostgreSQL",
  async run(bench) {
    const { quick } = bench.wish;
    const count = quick ? 10_000 : 100_000;
    const lives = quick ? 200 : 1_000;
    const rig = await openRig(await bench.target());
    try {
      const empty = { atRest: await look(rig), inUse: await afterLives(rig, lives) };
      bench.say(`  writing ${count} leases`);
      await addBallast(rig, config, count);
      await rig.server.stop();
      await rig.server.restart();
      const full = { atRest: await look(rig), inUse: await afterLives(rig, lives) };
      const line = (what: string, memory: typeof full, part: keyof Memory, most?: number): Line => ({
        id: "P9",
        measure: `${what}, after ${lives} lives`,
        unit: "MB",
        figure: figureOf([memory.inUse[part]]),
        ...(most !== undefined && { goal: { most } }),
        notes: [`${memory.atRest[part].toFixed(0)} MB at rest after its start`],
      });
      return [
        line("server, 0 leases", empty, "server", 150),
        line(`server, ${count} leases`, full, "server", 180),
        line("its PostgreSQL, 0 leases", empty, "store"),
        line(`its PostgreSQL, ${count} leases`, full, "store", 120),
      ];
    } finally {
      await rig.close();
    }
  },
};

async function look(rig: Rig): Promise<Memory> {
  await pause(REST_MS);
  return { server: residentOf(rig.server.pid()), store: proportionalOf(postmasterOf(rig.server)) };
}

async function afterLives(rig: Rig, lives: number): Promise<Memory> {
  await warm(rig, lives);
  return look(rig);
}
