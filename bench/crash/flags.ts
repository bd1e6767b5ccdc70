/** The flags of the kill harness, and what they mean. */
import { parseArgs } from "node:util";

/** What one run is asked to do, and what it must reach to count. */
export interface Flags {
  kills: number;
  /** Kills at each named step, at least. */
  eachStep: number;
  /** Kills with a request under way, at least. */
  underWay: number;
  /** Acknowledged leases, at least. */
  leases: number;
  /** Kills between two countings. */
  batch: number;
  workers: number;
  control: boolean;
  /** Where the result is written; null for its usual place. */
  out: string | null;
}

export const help = `Usage: npm run bench -- crash [flags]

Kills a server under load, again and again, restarts it, and has an outside witness count what outlived its lease.
Exits with 1 when a promise is broken, or a floor is not reached.

  --kills N        kills in all (200)
  --each-step N    of them at each named step of the engine (3)
  --under-way N    floor: kills that cut a request (0.3 of the kills)
  --leases N       floor: acknowledged leases (5 for each kill)
  --batch N        kills between two countings (25)
  --workers N      concurrent callers (8)
  --control        run a copy in which the intent is written after the create; exits with 1 unless orphans are found
                   (25 kills and one at each step, unless said otherwise)
  --out FILE       where the result goes, as JSON (bench/results/crash-DATE.json)
  --help           this text
`;

/** Reads the flags. @throws with a message for the user */
export function readFlags(args: string[]): Flags | "help" {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      kills: text,
      "each-step": text,
      "under-way": text,
      leases: text,
      batch: text,
      workers: text,
      out: text,
      control: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const count = (name: "kills" | "each-step" | "under-way" | "leases" | "batch" | "workers", usual: number): number => {
    const given = values[name];
    if (given !== undefined && !/^\d{1,6}$/.test(given)) throw new Error(`--${name}: a whole number, please`);
    return given === undefined ? usual : Number(given);
  };
  const { control } = values;
  const kills = count("kills", control ? 25 : 200);
  return {
    kills,
    eachStep: count("each-step", control ? 1 : 3),
    underWay: count("under-way", Math.floor(0.3 * kills)),
    leases: count("leases", 5 * kills),
    batch: Math.max(2, count("batch", 25)),
    workers: Math.max(1, count("workers", 8)),
    control,
    out: values.out ?? null,
  };
}
