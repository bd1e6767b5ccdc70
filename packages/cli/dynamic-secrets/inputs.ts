/** The inputs of a target, put together from `--inputs-file`, `--set` and `--secret`; the later ones win. */
import { usage } from "../exit.ts";
import { readFileOrStdin, readGiven } from "../given.ts";
import type { Invocation } from "../invocation.ts";

/** The flags that carry inputs. */
export interface InputFlags {
  set?: string[];
  secret?: string[];
  inputsFile?: string;
}

/** Reads all inputs that were given; an empty object when none was. `a.b=c` sets a field inside another. */
export async function readInputs(run: Invocation<InputFlags>): Promise<Record<string, unknown>> {
  const { set = [], secret = [], inputsFile } = run.flags;
  const inputs = inputsFile === undefined ? {} : parseObject(await readFileOrStdin(run, inputsFile));
  for (const argument of set) {
    const { name, value, typed } = await readGiven(run, argument);
    // Only what was typed is guessed at: a statement from a file is a text, whatever it looks like.
    put(inputs, name, typed ? plainValue(value) : value);
  }
  for (const argument of secret) {
    const { name, value, typed } = await readGiven(run, argument);
    // A reference names a secret and is none.
    if (typed && !value.startsWith("${"))
      run.warn(`--secret ${name}=… stays in the shell's history; ${name}=@file and ${name}=- do not`);
    run.redactor.add(value);
    put(inputs, name, value);
  }
  return inputs;
}

/** `5432` and `true` are what they look like, `"5432"` is a text, `{…}` and `[…]` are JSON. */
function plainValue(value: string): unknown {
  if (!/^(-?\d|true$|false$|null$|["[{])/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function put(inputs: Record<string, unknown>, name: string, value: unknown): void {
  const keys = name.split(".");
  const last = keys.pop()!;
  let place = inputs;
  for (const key of keys) {
    if (!Object.hasOwn(place, key) || typeof place[key] !== "object" || place[key] === null) define(place, key, {});
    place = place[key] as Record<string, unknown>;
  }
  define(place, last, value);
}

// Not by assignment: a key named __proto__ would change the object instead.
function define(place: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(place, key, { value, enumerable: true, configurable: true, writable: true });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through: the file may hold a password, so its text is not quoted.
  }
  throw usage("The inputs file is not one JSON object");
}
