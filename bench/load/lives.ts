/**
 * Lives: leases made, renewed and revoked, by the raw limit and by our server in turns.
 *
 * Several measures come from the same lives, so each configuration is measured once a run of the bench. Lives go in laps
 * of equally many accounts on both sides, because accounts that stand slow down the next: grants pile up on their tables,
 * and from PostgreSQL 16 on the roles of an admin that is no superuser pile up as its memberships.
 */
import type { Bench, Measured } from "./bench.ts";
import { type Act, joinRuns } from "./driver.ts";
import type { Cpu, Watched } from "./processes.ts";
import { openRaw } from "./raw.ts";
import type { Lease, Rig } from "./rig.ts";
import { type Config, type Grant, nameOf, type Target } from "./target.ts";

const deeds = ["create", "renew", "revoke"] as const;

/** The acts of a lease's life. */
export type Deed = (typeof deeds)[number];

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

/** Who lives: what each act is for it. Accounts are those that its `create` has made in this lap, by number. */
interface Side {
  /** Names its acts in a profile; the limit has none. */
  windows: string | null;
  watched: Watched;
  create: Act;
  renew: Act;
  revoke: Act;
  /** How many it has made, and forgets. */
  made(): number;
  forget(): void;
}

/** Accounts of one lap. */
const LAP: Record<Grant, number> = { ro: 150, m: 300, n: 300 };
/** What is fast has had enough laps then. */
const MOST_LAPS = 5;

/** Measures the lives of a configuration, or gives what was measured before. */
export async function livesOf(bench: Bench, config: Config, workers: number): Promise<Lives> {
  const key = `${nameOf(config)} c=${workers}`;
  const known = bench.lives.get(key) as Lives | undefined;
  if (known) return known;
  const [target, rig] = [await bench.target(), await bench.rig()];
  const lives: Lives = { config, workers, pairs: { create: [], renew: [], revoke: [] } };
  for (let run = 1; run <= bench.wish.runs; run += 1) {
    bench.say(`  ${key}, run ${run} of ${bench.wish.runs}`);
    const raw = await rawLives(bench, target, config, workers);
    const ours = await ourLives(bench, rig, config, workers);
    for (const deed of deeds) lives.pairs[deed].push({ raw: raw[deed], ours: ours[deed] });
  }
  bench.lives.set(key, lives);
  return lives;
}

async function rawLives(bench: Bench, target: Target, config: Config, workers: number) {
  const raw = await openRaw(target, config, workers);
  let made: number[] = [];
  let number = 0;
  try {
    return await laps(bench, target, config, workers, {
      windows: null,
      watched: { server: null, store: null, target: target.pid },
      async create(worker) {
        number += 1;
        const mine = number;
        await raw.create(worker, mine);
        made.push(mine);
      },
      renew: (worker, index) => raw.renew(worker, made[index]!),
      revoke: (worker, index) => raw.revoke(worker, made[index]!),
      made: () => made.length,
      forget: () => {
        made = [];
      },
    });
  } finally {
    await raw.close();
  }
}

async function ourLives(bench: Bench, rig: Rig, config: Config, workers: number) {
  const calls = rig.calls(workers);
  let made: Lease[] = [];
  try {
    return await laps(bench, rig.target, config, workers, {
      windows: `${nameOf(config)} c=${workers}`,
      watched: rig.watched(),
      async create(worker) {
        made.push(await calls.create(worker, config));
      },
      renew: (worker, index) => calls.renew(worker, made[index]!.id, "1h"),
      revoke: (worker, index) => calls.revoke(worker, made[index]!.id),
      made: () => made.length,
      forget: () => {
        made = [];
      },
    });
  } finally {
    calls.close();
  }
}

/** Laps until the creates have taken as long as a load is to be. */
async function laps(bench: Bench, target: Target, config: Config, workers: number, side: Side) {
  const all: Record<Deed, Measured[]> = { create: [], renew: [], revoke: [] };
  const spent = (): number => all.create.reduce((sum, { run }) => sum + run.seconds, 0);
  do {
    const first = all.create.length === 0;
    await target.tidy();
    const count = bench.wish.quick ? LAP[config.grant] / 2 : LAP[config.grant];
    for (const deed of deeds) {
      const warmup = deed === "create" && first ? 2 * workers : 0;
      const load = { workers, seconds: 600, warmup, count: deed === "create" ? count : side.made() };
      const window = side.windows === null ? undefined : `${deed} ${side.windows}`;
      all[deed].push(await bench.measure(side.watched, load, side[deed], window));
    }
    side.forget();
    await nothingIsLeft(target);
  } while (spent() < bench.wish.seconds && all.create.length < MOST_LAPS);
  return { create: joined(all.create), renew: joined(all.renew), revoke: joined(all.revoke) };
}

function joined(all: Measured[]): Measured {
  const sum = (part: keyof Cpu): number => all.reduce((total, { cpu }) => total + cpu[part], 0);
  return {
    run: joinRuns(all.map(({ run }) => run)),
    cpu: {
      server: sum("server"),
      store: sum("store"),
      target: sum("target"),
      driver: sum("driver"),
      others: sum("others"),
    },
  };
}

/** What was revoked with success is gone, or every figure here is worth nothing. */
async function nothingIsLeft(target: Target): Promise<void> {
  const left = await target.accounts();
  if (left > 0) throw new Error(`${left} accounts are left in the target after everything was revoked`);
}
