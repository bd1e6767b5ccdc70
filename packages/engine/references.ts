/**
 * References in the values of static secrets: `${KEY}` beside the secret itself, `${env.folder.KEY}` anywhere in its project.
 *
 * Owns the grammar, and how values are put together: each value that is referred to is read once, ten deep at most, and what
 * they bring into one answer is bounded, so that the work grows with what is written and read and never with how often it is
 * repeated. Nothing is scanned twice: what a value brings in holds no reference any more. Who may read what is its caller's
 * matter; what cannot be found is told like what may not be read, and stays as it is written.
 */
import type { Spot } from "./api.ts";
import { RuleBroken } from "./errors.ts";

/** A reference as it was written, and what it names. */
export interface Reference {
  written: string;
  spot: Spot;
}

/** A value to be put together, and where it lies. `key` is null for a text that no reference can name. */
export interface Written {
  text: string;
  at: { environment: string; path: string; key: string | null };
}

/** Finds the values of secrets, as they are written, by `nameOf`; what is not there or not for the reader is left out. */
export type FindValues = (spots: Spot[]) => Promise<Map<string, string>>;

/** Deepest nesting. */
const DEEPEST = 10;
/** Different secrets that one answer may refer to. */
const MOST_SECRETS = 1_000;
/** What references may bring into one answer, and what may be read for them: UTF-16 units. */
const MOST_TEXT = 1024 * 1024;
/** Read at once; each of them is 512 KiB at most. */
const AT_ONCE = 50;

/** A secret in one text, for maps and for people: "prod:/database:KEY". */
export function nameOf({ environment, path, key }: Spot): string {
  return `${environment}:${path}:${key}`;
}

/** Cuts a text into what stands and what refers. Linear in the text. */
export function readReferences(text: string, at: { environment: string; path: string }): (string | Reference)[] {
  const parts: (string | Reference)[] = [];
  let plainFrom = 0;
  let open = text.indexOf("${");
  while (open >= 0) {
    let end = open + 2;
    while (end < text.length && isNameUnit(text.charCodeAt(end))) end += 1;
    const spot = text[end] === "}" ? spotOf(text.slice(open + 2, end), at) : null;
    if (spot !== null) {
      if (open > plainFrom) parts.push(text.slice(plainFrom, open));
      parts.push({ written: text.slice(open, end + 1), spot });
      plainFrom = end + 1;
    }
    open = text.indexOf("${", end);
  }
  if (plainFrom < text.length) parts.push(text.slice(plainFrom));
  return parts;
}

/** Letters, digits, "_", "-" and ".". */
function isNameUnit(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    unit === 95 ||
    unit === 45 ||
    unit === 46
  );
}

function spotOf(name: string, { environment, path }: { environment: string; path: string }): Spot | null {
  const segments = name.split(".");
  if (segments.some((segment) => segment === "")) return null;
  const key = segments.pop()!;
  if (segments.length === 0) return { environment, path, key };
  const [first, ...folders] = segments;
  return { environment: first!, path: `/${folders.join("/")}`, key };
}

/**
 * Puts values together. Asks for what they refer to in a few rounds, however many they are.
 * @returns the texts in the order of `values`.
 * @throws RuleBroken for a circle (it is named), for what is nested too deep, and for what grows too large
 */
export async function expandReferences(values: Written[], find: FindValues): Promise<string[]> {
  const roots = values.map(({ text, at }) => ({ parts: readReferences(text, at), at }));
  const known = await gather(
    roots.flatMap(({ parts }) => parts),
    find,
  );
  const assembly = new Assembly(known);
  return roots.map(({ parts, at: { environment, path, key } }) =>
    assembly.whole(parts, key === null ? [] : [nameOf({ environment, path, key })]),
  );
}

type Parts = (string | Reference)[];

/** Reads whatever is referred to, level by level. */
async function gather(parts: Parts, find: FindValues): Promise<Map<string, Parts>> {
  const known = new Map<string, Parts>();
  const asked = new Set<string>();
  let read = 0;
  let level = parts;
  for (let depth = 0; ; depth += 1) {
    const spots = new Map<string, Spot>();
    for (const part of level) {
      if (typeof part === "string") continue;
      const name = nameOf(part.spot);
      if (!asked.has(name)) spots.set(name, part.spot);
    }
    if (spots.size === 0) return known;
    if (depth === DEEPEST) throw tooDeep();
    for (const name of spots.keys()) asked.add(name);
    if (asked.size > MOST_SECRETS) {
      throw new RuleBroken(
        `The values refer to more than ${MOST_SECRETS} different secrets: read fewer of them at once`,
      );
    }
    level = [];
    const wanted = [...spots.values()];
    for (let from = 0; from < wanted.length; from += AT_ONCE) {
      const some = wanted.slice(from, from + AT_ONCE);
      const found = await find(some);
      for (const spot of some) {
        const text = found.get(nameOf(spot));
        if (text === undefined) continue;
        read += text.length;
        if (read > MOST_TEXT) throw tooLarge();
        const inside = readReferences(text, spot);
        known.set(nameOf(spot), inside);
        level.push(...inside.filter((part) => typeof part !== "string"));
      }
    }
  }
}

/** Fills values in, each once; the room is one for the whole answer. */
class Assembly {
  readonly #known: Map<string, Parts>;
  readonly #filled = new Map<string, { text: string; height: number }>();
  #room = MOST_TEXT;

  constructor(known: Map<string, Parts>) {
    this.#known = known;
  }

  /** `trail`: the names of the values that this one is being put into, and its own. */
  whole(parts: Parts, trail: string[]): string {
    return this.#fill(parts, trail, 0).text;
  }

  #fill(parts: Parts, trail: string[], depth: number): { text: string; height: number } {
    const texts: string[] = [];
    let height = 0;
    for (const part of parts) {
      if (typeof part === "string") texts.push(part);
      else {
        const value = this.#value(part, trail, depth + 1);
        height = Math.max(height, value.height);
        texts.push(value.text);
      }
    }
    return { text: texts.join(""), height };
  }

  #value({ spot, written }: Reference, trail: string[], depth: number): { text: string; height: number } {
    const name = nameOf(spot);
    const from = trail.indexOf(name);
    if (from >= 0) {
      throw new RuleBroken(`The references go in a circle: ${[...trail.slice(from), name].join(" -> ")}`);
    }
    const parts = this.#known.get(name);
    if (parts === undefined) return { text: written, height: 0 };
    if (depth > DEEPEST) throw tooDeep();
    let filled = this.#filled.get(name);
    if (filled === undefined) {
      filled = this.#fill(parts, [...trail, name], depth);
      this.#filled.set(name, filled);
    } else if (depth + filled.height > DEEPEST) throw tooDeep();
    this.#room -= filled.text.length;
    if (this.#room < 0) throw tooLarge();
    return { text: filled.text, height: filled.height + 1 };
  }
}

function tooDeep(): RuleBroken {
  return new RuleBroken(`The references are nested more than ${DEEPEST} deep`);
}

function tooLarge(): RuleBroken {
  return new RuleBroken("The references bring more than 1 MiB into one answer: read fewer values at once");
}
