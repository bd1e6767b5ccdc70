/** Creates alone, on one server, for measures that compare two servers in turns. */
import type { Bench, Measured } from "./bench.ts";
import type { Rig } from "./rig.ts";
import type { Config } from "./target.ts";

const WORKERS = 8;

/** Measures creates for as long as a load is; then revokes what was made, unmeasured. */
export async function createsOf(bench: Bench, rig: Rig, config: Config): Promise<Measured> {
  const calls = rig.calls(WORKERS);
  const made: string[] = [];
  const load = { workers: WORKERS, seconds: bench.wish.seconds, warmup: 2 * WORKERS };
  const measured = await bench.measure(rig.watched(), load, async (worker) => {
    made.push((await calls.create(worker, config)).id);
  });
  const ending = { workers: WORKERS, seconds: 600, count: made.length };
  await bench.measure(rig.watched(), ending, (worker, index) => calls.revoke(worker, made[index]!));
  calls.close();
  return measured;
}
