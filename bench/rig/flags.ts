/** Flags of a bench: each has its usual value, which also says whether it is a number, and a word on what it means. */
import { parseArgs } from "node:util";

/** What can be set, with the usual values. */
export type Flags = Record<string, { usual: number | string; says: string }>;

/** The values of these flags. */
export type Values<F extends Flags> = { [name in keyof F]: F[name]["usual"] extends number ? number : string };

/** What was asked for. */
export interface Asked<F extends Flags> {
  values: Values<F>;
  words: string[];
  help: boolean;
}

/** Reads the flags. @throws with a message for the user */
export function readFlags<F extends Flags>(args: string[], flags: F): Asked<F> {
  const text = { type: "string" } as const;
  const names = Object.keys(flags);
  const { values: given, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...Object.fromEntries(names.map((name) => [name, text])),
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const read = (name: string): number | string => {
    const { usual } = flags[name]!;
    const value: unknown = Reflect.get(given, name);
    if (typeof value !== "string") return usual;
    if (typeof usual === "string") return value;
    if (!/^\d{1,7}(\.\d+)?$/.test(value)) throw new Error(`--${name}: a number, please`);
    return Number(value);
  };
  return {
    values: Object.fromEntries(names.map((name) => [name, read(name)])) as Values<F>,
    words: positionals,
    help: given.help === true,
  };
}

/** The lines of a help text. */
export function explain(flags: Flags): string {
  return Object.entries(flags)
    .map(([name, { usual, says }]) => `  --${name} ${" ".repeat(Math.max(0, 12 - name.length))}${says} (${usual})\n`)
    .join("");
}
