/**
 * The driver: it does something again and again and tells how fast and how often in vain.
 *
 * One for everything that is compared, our server over HTTP and a bare PostgreSQL alike. Closed: so many workers, each
 * beginning anew when it is done. Open: so many begin a second whatever the answers take, and a duration counts from the
 * moment at which it should have begun. It knows nothing of what it does.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Histogram } from "./histogram.ts";

/** What a load is; it ends with whichever of `seconds` and `count` comes first. */
export interface Load {
  workers: number;
  seconds: number;
  count?: number;
  /** So many come first and count for nothing. */
  warmup?: number;
  /** Begun a second; absent, the loop is closed. */
  rate?: number;
  /** Called when counting begins and when it ends. */
  onCounting?: { begin(): void; end(): void };
}

/** What a load was. Durations in milliseconds. */
export interface Run {
  done: number;
  seconds: number;
  /** Done a second. */
  rate: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
  /** How many failed, by kind. */
  errors: Record<string, number>;
  times: Histogram;
}

/** One of them; `index` counts all, `worker` says on whose connection. @throws to be counted as an error */
export type Act = (worker: number, index: number) => Promise<void>;

/** A load with more errors than this is broken, and its figures say nothing. */
const MOST_ERRORS = 200;

/** Runs a load to its end. */
export async function drive(load: Load, act: Act): Promise<Run> {
  const { workers, seconds, count = Number.POSITIVE_INFINITY, warmup = 0, rate, onCounting } = load;
  const times = new Histogram();
  const errors: Record<string, number> = {};
  let failed = 0;
  let begun = 0;
  let counting = warmup === 0;
  let start = performance.now();
  let last = start;
  if (counting) onCounting?.begin();

  const over = (): boolean =>
    begun >= warmup + count || failed > MOST_ERRORS || (counting && performance.now() - start >= seconds * 1000);

  async function one(worker: number, index: number, from: number): Promise<void> {
    try {
      await act(worker, index);
      const now = performance.now();
      if (counting && index >= warmup) {
        times.add(now - from);
        last = now;
      }
    } catch (error) {
      failed += 1;
      errors[kindOf(error)] = (errors[kindOf(error)] ?? 0) + 1;
      await pause(10);
    }
    if (!counting && index + 1 >= warmup) {
      counting = true;
      start = performance.now();
      onCounting?.begin();
    }
  }

  async function work(worker: number): Promise<void> {
    while (!over()) {
      const index = begun;
      begun += 1;
      let from = performance.now();
      if (rate !== undefined) {
        const due = start + (index / rate) * 1000;
        if (due > from) await pause(due - from);
        from = due;
      }
      await one(worker, index, from);
    }
  }

  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  onCounting?.end();
  return runOf(times, (last - start) / 1000, errors);
}

/** What several loads were, one after the other. */
export function joinRuns(runs: Run[]): Run {
  const times = new Histogram();
  const errors: Record<string, number> = {};
  for (const run of runs) {
    times.join(run.times);
    for (const [kind, count] of Object.entries(run.errors)) errors[kind] = (errors[kind] ?? 0) + count;
  }
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  return runOf(times, seconds, errors);
}

function runOf(times: Histogram, seconds: number, errors: Record<string, number>): Run {
  return {
    done: times.total,
    seconds,
    rate: seconds > 0 ? times.total / seconds : 0,
    p50: times.at(0.5),
    p90: times.at(0.9),
    p99: times.at(0.99),
    max: times.max,
    errors,
    times,
  };
}

/** An error as a word to count by: what it calls itself, its code, or its class. */
export function kindOf(error: unknown): string {
  const { kind, code, name } = error as { kind?: string; code?: string; name?: string };
  return kind ?? code ?? name ?? String(error);
}
