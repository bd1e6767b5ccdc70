/** P15: the target is away for a minute while 300 leases fall due; how long after its return the last one is gone. */
import { setTimeout as pause } from "node:timers/promises";
import { startProxy } from "../../proxy/proxy.ts";
import { type Scenario, warm } from "../bench.ts";
import { drive } from "../driver.ts";
import { figureOf } from "../figures.ts";
import { tellLag, watchLag } from "../lag.ts";
import { openRig } from "../rig.ts";

const config = { grant: "m", rounds: 4_096 } as const;
const LEASES = 300;

export const p15: Scenario = {
  id: "P15",
  title: "PostgreSQL down 60 s, 300 leases due meanwhile: last one gone after its return",
  async run(bench) {
    const target = await bench.target();
    const away = bench.wish.quick ? 15 : 60;
    const proxy = await startProxy({ host: target.host, port: target.port });
    const rig = await openRig(target, { through: { host: proxy.host, port: proxy.port } });
    try {
      await warm(rig, 100);
      const calls = rig.calls(8);
      const watch = watchLag(target);
      const count = bench.wish.quick ? 50 : LEASES;
      const made = await drive({ workers: 8, seconds: 60, count }, async (worker) => {
        watch.add(await calls.create(worker, config, "12s"));
      });
      calls.close();
      if (made.done < count) throw new Error(`not all leases could be made: ${JSON.stringify(made.errors)}`);
      if (made.seconds > 10) throw new Error("the leases took so long to make that some ended before the target went");
      bench.say(`  the target goes away for ${away} s`);
      await proxy.set("refuse");
      await pause(away * 1000);
      await proxy.set("pass");
      const back = Date.now();
      const lag = await watch.settled(180_000);
      return [
        {
          id: "P15",
          measure: `last of ${count} gone after the return of a target that was down ${away} s`,
          unit: "s",
          figure: figureOf([(lag.lastGoneAt - back) / 1000]),
          goal: { most: 15 },
          notes: [tellLag(lag)],
        },
      ];
    } finally {
      await rig.close();
      await proxy.stop();
    }
  },
};
