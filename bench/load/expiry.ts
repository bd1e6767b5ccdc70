/** The expiry of many leases at once: made with a long TTL, then all brought forward together, spread as they were made. */
import { openStoreOf } from "../../e2e/testing/store.ts";
import type { Bench } from "./bench.ts";
import { drive } from "./driver.ts";
import { type Lag, tellLag, watchLag } from "./lag.ts";
import type { Lease, Rig } from "./rig.ts";
import { type Config, nameOf } from "./target.ts";

/** The first falls due after this: longer than a sweeper sleeps. */
const FIRST_DUE_SECONDS = 6;
const WORKERS = 8;
/** One of so many leases has a session open at its end. */
const WITH_SESSION = 50;

/** What an expiry was. */
export interface Expiry {
  lag: Lag;
  /** From the first end to the last, in seconds. */
  spread: number;
}

/** Makes `count` leases, opens sessions of some, lets them end, and watches. */
export async function expire(bench: Bench, rig: Rig, config: Config, count: number, patience: number): Promise<Expiry> {
  const calls = rig.calls(WORKERS);
  const leases: Lease[] = [];
  bench.say(`  ${nameOf(config)}: making ${count} leases`);
  const run = await drive({ workers: WORKERS, seconds: 600, count }, async (worker) => {
    leases.push(await calls.create(worker, config, "1h"));
  });
  calls.close();
  const sessions = await Promise.all(
    leases.filter((_, index) => index % WITH_SESSION === 0).map((lease) => rig.target.connect(lease)),
  );
  if (leases.length < count) throw new Error(`not all leases could be made: ${JSON.stringify(run.errors)}`);
  const shift = await bringForward(rig, config);
  for (const lease of leases) lease.expiresAt -= shift;
  const ends = leases.map((lease) => lease.expiresAt);
  const spread = (Math.max(...ends) - Math.min(...ends)) / 1000;
  bench.say(`  ${nameOf(config)}: they end within ${spread.toFixed(1)} s`);
  const watch = watchLag(rig.target);
  for (const lease of leases) watch.add(lease);
  const lag = await watch.settled((FIRST_DUE_SECONDS + spread + patience) * 1000);
  await Promise.allSettled(sessions.map((session) => session.end()));
  bench.say(`  ${nameOf(config)}: ${tellLag(lag)}`);
  return { lag, spread };
}

/** Moves the ends in the server's store, as if it had been told so at the start. @returns by how many milliseconds */
async function bringForward(rig: Rig, config: Config): Promise<number> {
  const store = await openStoreOf(rig.server);
  try {
    const { rows } = await store.query(
      `with first as (
         select min(expires_at) - lease_now() - $2 * interval '1 second' as shift
         from leases where dynamic_secret_id = $1 and state = 'active' and expires_at < lease_now() + interval '1 day'),
       moved as (
         update leases set expires_at = expires_at - shift, due_at = due_at - shift from first
         where dynamic_secret_id = $1 and state = 'active' and expires_at < lease_now() + interval '1 day')
       select extract(epoch from shift)::float8 * 1000 as ms from first`,
      [rig.secretId(config), FIRST_DUE_SECONDS],
    );
    return Number(rows[0].ms);
  } finally {
    await store.end();
  }
}
