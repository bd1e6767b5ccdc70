/** A whole run: batches of kills under load, each followed by settling and counting, and a clean end. */
import type { Flags } from "./flags.ts";
import { Load } from "./load.ts";
import { type Kill, makePlan } from "./plan.ts";
import { withRig } from "./rig.ts";
import { type Settled, settle } from "./settle.ts";
import type { Steps } from "./steps.ts";
import { type Record, Striker } from "./strike.ts";
import type { Count } from "./witness.ts";

/** All that was seen. */
export interface Outcome {
  kills: Record[];
  halves: { whole: number; cut: number };
  /** Steps that were waited for and not passed. */
  missed: string[];
  acked: Load["acked"];
  /** Answers that were no success, and lost ones, by what was asked. */
  others: { [what: string]: number };
  settled: { ms: number; quiet: boolean }[];
  /** The witness's last word. */
  count: Count;
  /** Leases that were still live at the end and could not be revoked then. */
  unrevoked: number;
  /** Why the run broke off; null when it did not. */
  broke: string | null;
  tookMs: number;
}

/** Makes all kills that are wanted. `tell` hears how far it is. */
export async function run(
  flags: Flags,
  steps: Steps,
  tell: (text: string) => void,
  interrupted: Promise<never>,
): Promise<Outcome> {
  const began = performance.now();
  tell("starting a target and a server");
  return withRig(interrupted, async (rig) => {
    const load = new Load(rig, flags.workers);
    const striker = new Striker(rig, load);
    const settled: Settled[] = [];
    let broke: string | null = null;
    const plan = makePlan(steps, flags);
    const all = plan.reduce((sum, batch) => sum + batch.length, 0);
    try {
      let made = 0;
      for (const [index, batch] of plan.entries()) {
        load.start();
        for (const [at, kill] of batch.entries()) {
          made += 1;
          tell(`kill ${made} of ${all}: ${nameOf(kill)}; ${load.acked.leased} leases so far`);
          await striker.strike(kill, batch[at + 1] ?? null);
        }
        const lastStart = performance.now();
        await load.stop();
        await load.clearUp();
        tell(`batch ${index + 1} of ${plan.length} is made: settling`);
        settled.push(await settle(rig, lastStart));
      }
    } catch (error) {
      broke = (error as Error).message;
    }
    tell("ending what lives, and counting once more");
    const live = broke ? [] : (await rig.listed()).filter(({ ending }) => !ending).map(({ id }) => id);
    const unrevoked = live.length - (await load.revokeAll(live));
    const count = await rig.witness.count(broke ? [] : await rig.listed());
    return {
      kills: striker.records,
      halves: striker.halves,
      missed: striker.missed,
      acked: load.acked,
      others: Object.fromEntries([...load.others].sort()),
      settled: settled.map(({ ms, quiet }) => ({ ms, quiet })),
      count,
      unrevoked,
      broke,
      tookMs: performance.now() - began,
    };
  });
}

function nameOf(kill: Kill): string {
  if (kill.what === "step") return `at ${kill.point}`;
  return kill.what === "store" ? `store (${kill.part})` : kill.what;
}
