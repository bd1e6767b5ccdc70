/**
 * Lives: many leases made, renewed and revoked, by the raw limit and by our server in turns.
 *
 * Several measures come from the same lives, so each configuration is measured once a run of the bench. Where grants pile
 * up on the tables, a load is counted and not timed: what is faster would else be slowed down by its own accounts.
 */
import type { Bench, Measured } from "./bench.ts";
import type { Act, Load } from "./driver.ts";
import { openRaw } from "./raw.ts";
import type { Lease, Rig } from "./rig.ts";
import { type Config, nameOf, type Target } from "./target.ts";

/** The acts of a lease's life. */
export type Deed = "create" | "renew" | "revoke";

/** One run of one act: the limit and ours. */
export interface Pair {
  raw: Measured;
  ours: Measured;
}

/** All runs. */
export interface Lives {
  config: Config;
  workers: number;
  pairs: Record<Deed, Pair[]>;
}

/** No more raw accounts than this: they would only take their time to be dropped again. */
const MOST_RAW = 4_000;

/** Measures the lives of a configuration, or gives what was measured before. */
export async function livesOf(bench: Bench, config: Config, workers: number): Promise<Lives> {
  const key = `${nameOf(config)} c=${workers}`;
  const known = bench.lives.get(key) as Lives | undefined;
  if (known) return known;
  const [target, rig] = [await bench.target(), await bench.rig()];
  const lives: Lives = { config, workers, pairs: { create: [], renew: [], revoke: [] } };
  for (let run = 1; run <= bench.wish.runs; run += 1) {
    bench.say(`  ${key}, run ${run} of ${bench.wish.runs}`);
    await target.tidy();
    const raw = await rawLife(bench, target, config, workers);
    await target.tidy();
    const ours = await ourLife(bench, rig, config, workers);
    for (const deed of ["create", "renew", "revoke"] as const) {
      lives.pairs[deed].push({ raw: raw[deed], ours: ours[deed] });
    }
    await nothingIsLeft(target);
  }
  bench.lives.set(key, lives);
  return lives;
}

function creating({ wish }: Bench, config: Config, workers: number): Load {
  const warmup = 2 * workers;
  if (config.grant === "ro") return { workers, seconds: 60, count: wish.quick ? 80 : 200, warmup };
  return { workers, seconds: wish.seconds, warmup };
}

/** The second and third act have as many accounts as the first one made. */
function following({ wish }: Bench, workers: number, accounts: number): Load {
  return { workers, seconds: 2 * wish.seconds, count: accounts };
}

async function rawLife(bench: Bench, target: Target, config: Config, workers: number): Promise<Record<Deed, Measured>> {
  const raw = await openRaw(target, config, workers);
  const watched = { server: null, store: null, target: target.pid };
  try {
    const made: number[] = [];
    const load = creating(bench, config, workers);
    const create = await bench.measure(watched, { ...load, count: load.count ?? MOST_RAW }, async (worker, index) => {
      await raw.create(worker, index);
      made.push(index);
    });
    const next = following(bench, workers, made.length);
    const renew = await bench.measure(watched, next, (worker, index) => raw.renew(worker, made[index]!));
    const revoke = await bench.measure(watched, { ...next, seconds: 600 }, (worker, index) =>
      raw.revoke(worker, made[index]!),
    );
    return { create, renew, revoke };
  } finally {
    await raw.close();
  }
}

async function ourLife(bench: Bench, rig: Rig, config: Config, workers: number): Promise<Record<Deed, Measured>> {
  const calls = rig.calls(workers);
  const watched = rig.watched();
  const within = (deed: Deed): string => `${deed} ${nameOf(config)} c=${workers}`;
  const deed = (name: Deed, load: Load, act: Act): Promise<Measured> => bench.measure(watched, load, act, within(name));
  try {
    const made: Lease[] = [];
    const create = await deed("create", creating(bench, config, workers), async (worker) => {
      made.push(await calls.create(worker, config));
    });
    const next = following(bench, workers, made.length);
    const renew = await deed("renew", next, (worker, index) => calls.renew(worker, made[index]!.id, "1h"));
    const revoke = await deed("revoke", { ...next, seconds: 600 }, (worker, index) =>
      calls.revoke(worker, made[index]!.id),
    );
    return { create, renew, revoke };
  } finally {
    calls.close();
  }
}

/** What was revoked with success is gone, or every figure here is worth nothing. */
async function nothingIsLeft(target: Target): Promise<void> {
  const left = await target.accounts();
  if (left > 0) throw new Error(`${left} accounts are left in the target after everything was revoked`);
}
