/** P11: processor time of our own process for one lease's life, at one round, so that no hashing is in it. */
import type { Scenario } from "../bench.ts";
import { figureOf } from "../figures.ts";
import { livesOf } from "../lives.ts";

export const p11: Scenario = {
  id: "P11",
  title: "CPU of our process per lease life (create + revoke), hashing apart",
  async run(bench) {
    const { pairs } = await livesOf(bench, { grant: "m", rounds: 1 }, 8);
    const lives = pairs.create.map(({ ours }, run) => {
      const ended = pairs.revoke[run]!.ours;
      const each = (part: "server" | "store"): number =>
        (1000 * ours.cpu[part]) / ours.run.done + (1000 * ended.cpu[part]) / ended.run.done;
      return { server: each("server"), store: each("store") };
    });
    const store = figureOf(lives.map((life) => life.store)).median;
    return [
      {
        id: "P11",
        measure: "CPU of our process, create + revoke m-1 c=8",
        unit: "ms",
        figure: figureOf(lives.map((life) => life.server)),
        goal: { most: 4 },
        detail: lives,
        notes: [`its own PostgreSQL took another ${store.toFixed(2)} ms; the first figure wanted was 6 ms`],
      },
    ];
  },
};
