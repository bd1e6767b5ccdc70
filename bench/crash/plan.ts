/** Which kills a run makes, and in which order. */
import type { Steps } from "./steps.ts";

/** One kill. `store` is its PostgreSQL; `starting` is a second kill before the next start is done. */
export type Kill =
  | { what: "node" | "both"; held: boolean }
  | { what: "store"; part: "all" | "parent" | "session" }
  | { what: "starting" }
  | { what: "step"; point: string }
  /** From outside, as the first bytes of a create's answer arrive. */
  | { what: "answer" };

/** What every answer passes and nobody inside can stop at. */
export const ANSWER_POINT = "answer.half";

const pick = <T>(all: T[]): T => all[Math.floor(Math.random() * all.length)]!;

function atRandom(): Kill {
  const dice = Math.random();
  if (dice < 0.4) return { what: "node", held: false };
  if (dice < 0.65) return { what: "both", held: false };
  if (dice < 0.9) return { what: "store", part: pick(["all", "all", "parent", "session"]) };
  return { what: "starting" };
}

function shuffle<T>(all: T[]): T[] {
  for (let index = all.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    [all[index], all[other]] = [all[other]!, all[index]!];
  }
  return all;
}

/**
 * Makes the plan, in batches. After one kill of each batch the server is held down for a while, so that leases end
 * meanwhile; and none begins at a step, since the server that has settled was started without.
 */
export function makePlan(steps: Steps, wanted: { kills: number; eachStep: number; batch: number }): Kill[][] {
  const times = <T>(one: T): T[] => Array.from({ length: wanted.eachStep }, () => one);
  const named: Kill[] = steps.called.flatMap((point) => times<Kill>({ what: "step", point }));
  named.push(...times<Kill>({ what: "answer" }));
  const batches = Math.max(1, Math.ceil(Math.max(wanted.kills, named.length) / wanted.batch));
  const first = Array.from({ length: batches }, (): Kill => ({ what: pick(["node", "both"]), held: true }));
  const random = Math.max(0, wanted.kills - named.length - batches);
  const rest = shuffle([...named, ...Array.from({ length: random }, atRandom)]);
  return first.map((kill, index) => {
    const [from, to] = [index, index + 1].map((n) => Math.floor((n * rest.length) / batches));
    return [kill, ...rest.slice(from, to)];
  });
}
