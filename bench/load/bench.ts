/**
 * One run of the bench: its flags, the target and the server that scenarios share, and measuring.
 *
 * A server is opened when the first scenario wants it and warmed before anything counts. With `--profile` each scenario
 * has a server of its own, whose profile is read when it has ended.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Act, drive, type Load, type Run } from "./driver.ts";
import type { Line } from "./figures.ts";
import { type Cpu, meter, type Watched } from "./processes.ts";
import type { Window } from "./profile.ts";
import { openRig, type Rig } from "./rig.ts";
import { type Release, startTarget, type Target } from "./target.ts";

/** Where everything that is measured is kept. */
export const results = fileURLToPath(new URL("../results", import.meta.url));

/** What was asked for. */
export interface Wish {
  runs: number;
  /** Of each load. */
  seconds: number;
  /** Of the expiry that goes on and on. */
  minutes: number;
  /** A look, not a measurement. */
  quick: boolean;
  profile: boolean;
  /** Which PostgreSQL is the target. */
  postgres: Release;
}

/** A load, and what it cost. */
export interface Measured {
  run: Run;
  cpu: Cpu;
}

/** What scenarios share. */
export interface Bench {
  wish: Wish;
  target(): Promise<Target>;
  /** The shared server, warm. */
  rig(): Promise<Rig>;
  /** Runs a load and counts what it takes of the processor; `window` names it in a profile. */
  measure(watched: Watched, load: Load, act: Act, window?: string): Promise<Measured>;
  /** Lives that were measured already. */
  lives: Map<string, unknown>;
  say(text: string): void;
  /** Ends the shared server. @returns the folder of its profile and what was measured in it, if it was profiled */
  closeRig(): Promise<{ folder: string; windows: Window[] } | null>;
  close(): Promise<void>;
}

/** One measure, or several that come from the same runs. */
export interface Scenario {
  id: string;
  title: string;
  /** It takes too long to be part of a run of all. */
  onlyWhenNamed?: boolean;
  run(bench: Bench): Promise<Line[]>;
}

/** Makes a bench; nothing is started yet. */
export function openBench(wish: Wish, stamp: string): Bench {
  let target: Promise<Target> | undefined;
  let rig: Promise<Rig> | undefined;
  let folder = "";
  let profiles = 0;
  let windows: Window[] = [];
  const bench: Bench = {
    wish,
    lives: new Map(),
    target: () => (target ??= startTarget(wish.postgres)),
    rig: () => (rig ??= open()),
    async measure(watched, load, act, window) {
      let stop: (() => Cpu) | undefined;
      let cpu: Cpu | undefined;
      let from = 0n;
      const onCounting = {
        begin: () => {
          stop = meter(watched);
          from = process.hrtime.bigint();
        },
        end: () => {
          if (window !== undefined) windows.push({ name: window, from, to: process.hrtime.bigint() });
          cpu = stop?.();
        },
      };
      const run = await drive({ ...load, onCounting }, act);
      return { run, cpu: cpu ?? { server: 0, store: 0, target: 0, driver: 0, others: 0 } };
    },
    say: (text) => void process.stderr.write(`${text}\n`),
    async closeRig() {
      const open = await rig;
      rig = undefined;
      if (!open) return null;
      await open.server.stop();
      await open.close();
      const seen = windows;
      windows = [];
      bench.lives.clear();
      return wish.profile ? { folder, windows: seen } : null;
    },
    async close() {
      await bench.closeRig();
      await (await target)?.stop();
    },
  };

  async function open(): Promise<Rig> {
    profiles += 1;
    folder = join(results, `profile-${stamp}-${profiles}`);
    if (wish.profile) mkdirSync(folder, { recursive: true });
    const nodeFlags = wish.profile ? ["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=500"] : [];
    const opened = await openRig(await bench.target(), { nodeFlags });
    await warm(opened, wish.quick ? 150 : 600);
    return opened;
  }
  return bench;
}

/** Lives enough for the compiler to know the way. */
export async function warm(rig: Rig, lives: number): Promise<void> {
  const workers = 8;
  const calls = rig.calls(workers);
  const run = await drive({ workers, seconds: 300, count: lives }, async (worker) => {
    const { id } = await calls.create(worker, { grant: "n", rounds: 1 });
    await calls.renew(worker, id, "1h");
    await calls.revoke(worker, id);
  });
  calls.close();
  if (run.done < lives) throw new Error(`the server does not work: ${JSON.stringify(run.errors)}`);
}
