/** The line of one act of lives: what our server does a second, as a share of the raw limit of the same run. */
import type { Measured } from "./bench.ts";
import { figureOf, type Goal, type Line } from "./figures.ts";
import type { Deed, Lives, Pair } from "./lives.ts";
import type { Cpu } from "./processes.ts";
import { nameOf } from "./target.ts";

/** Makes the line. */
export function shareLine(id: string, deed: Deed, lives: Lives, goal?: Goal): Line {
  const { config, workers, pairs } = lives;
  const runs = pairs[deed];
  return {
    id,
    measure: `${deed} ${nameOf(config)} c=${workers}`,
    unit: "/s",
    figure: figureOf(runs.map(({ ours }) => ours.run.rate)),
    raw: figureOf(runs.map(({ raw }) => raw.run.rate)),
    share: figureOf(runs.map(({ raw, ours }) => ours.run.rate / raw.run.rate)),
    ...(goal && { goal }),
    detail: runs,
    notes: [...costs(runs), byCpu(runs), ...failures(runs)],
  };
}

/** Milliseconds of one part's processor time for each thing done; the middle one of the runs. */
export function costOf(measured: Measured[], part: keyof Cpu): number {
  return figureOf(measured.map(({ run, cpu }) => (1000 * cpu[part]) / Math.max(1, run.done))).median;
}

const short = (value: number): string => (value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** What durations were, and whose processor time went into one. */
function costs(runs: Pair[]): string[] {
  const side = (name: "ours" | "raw", parts: (keyof Cpu)[]): string => {
    const all = runs.map((pair) => pair[name]);
    const middle = (pick: (one: Measured) => number): string => short(figureOf(all.map(pick)).median);
    const times = `p50 ${middle(({ run }) => run.p50)} p90 ${middle(({ run }) => run.p90)} p99 ${middle(({ run }) => run.p99)} max ${middle(({ run }) => run.max)} ms`;
    const cpu = parts.map((part) => `${part} ${short(costOf(all, part))}`).join(", ");
    const foreign = figureOf(all.map(({ run, cpu }) => cpu.others / Math.max(0.001, run.seconds))).median;
    return `${name}: ${times}; CPU ms each: ${cpu}; others on this machine took ${short(foreign)} of a core`;
  };
  return [side("ours", ["server", "store", "target", "driver"]), side("raw", ["target", "driver"])];
}

/** The share that is left when nobody waits for anybody: what neighbours on the machine disturb least. */
function byCpu(runs: Pair[]): string {
  const all = (name: "ours" | "raw"): number => {
    const measured = runs.map((pair) => pair[name]);
    return (["server", "store", "target", "driver"] as const).reduce((sum, part) => sum + costOf(measured, part), 0);
  };
  return `by processor time alone: ${short(all("raw"))} of ${short(all("ours"))} ms each, a share of ${(all("raw") / all("ours")).toFixed(3)}`;
}

function failures(runs: Pair[]): string[] {
  return (["ours", "raw"] as const).flatMap((name) => {
    const all = runs.map((pair) => pair[name].run.errors).filter((errors) => Object.keys(errors).length > 0);
    return all.length === 0 ? [] : [`${name}, ERRORS by run: ${JSON.stringify(all)}`];
  });
}
