/**
 * Passwords, and random text in general: drawn from bytes that are handed in, without bias.
 *
 * Owns how a password is drawn and which rules are too weak to draw from. It does not know what a target allows.
 */
import type { PasswordRules } from "@dayfly/targets";

/** Random bytes; `randomBytes` of node:crypto in production. */
export type Random = (bytes: number) => Buffer;

/** A password worth less than this can be guessed. */
const LEAST_BITS = 128;
/** They end or change a statement, a URL or a shell word somewhere. */
const NEVER = "'\"\\$;{}%@:/?";
/** Rules that fewer draws than this satisfy would keep the process busy drawing. */
const LEAST_SHARE = 1 / 1000;

/** Password rules that cannot be kept: what is wrong, and what to change. */
export class PasswordRulesFault extends Error {
  override name = "PasswordRulesFault";
}

/** Draws `length` characters of `alphabet`, each as likely as the others. */
export function drawText(alphabet: string, length: number, random: Random): string {
  // Bytes from here on are drawn again: a remainder would favour the first characters.
  const limit = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    for (const byte of random(length - text.length)) if (byte < limit) text += alphabet[byte % alphabet.length];
  }
  return text;
}

/** Draws a password that keeps the rules and starts with a letter or digit. @throws PasswordRulesFault */
export function drawPassword(rules: PasswordRules, random: Random): string {
  checkPasswordRules(rules);
  const first = [...rules.alphabet].filter((char) => classOf(char) !== "symbols").join("");
  // Drawn whole each time: mending a draw would make some passwords likelier than others.
  for (;;) {
    const password = drawText(first, 1, random) + drawText(rules.alphabet, rules.length - 1, random);
    if (keeps(password, rules)) return password;
  }
}

/** Refuses rules that cannot be kept, or that leave fewer than 128 bits to guess. @throws PasswordRulesFault */
export function checkPasswordRules(rules: PasswordRules): void {
  if (new Set(rules.alphabet).size !== rules.alphabet.length || /[^!-~]/.test(rules.alphabet)) {
    throw new PasswordRulesFault("The password alphabet must hold each character once, all of them visible ASCII.");
  }
  const unsafe = [...rules.alphabet].filter((char) => NEVER.includes(char)).join(" ");
  if (unsafe) {
    throw new PasswordRulesFault(
      `These break connection texts and statements, leave them out of the symbols: ${unsafe}`,
    );
  }
  const { bits, share } = strength(rules);
  if (share < LEAST_SHARE) {
    throw new PasswordRulesFault(
      `Hardly any password of ${rules.length} characters can keep these rules: require fewer characters of each kind, ` +
        "or allow more symbols.",
    );
  }
  if (bits < LEAST_BITS) {
    throw new PasswordRulesFault(
      `These rules leave ${Math.floor(bits)} bits to guess, at least ${LEAST_BITS} are needed: make the password longer` +
        ` than ${rules.length} characters, or require fewer of one kind.`,
    );
  }
}

type Kind = keyof PasswordRules["required"];
const KINDS: readonly Kind[] = ["lowercase", "uppercase", "digits", "symbols"];

function classOf(char: string): Kind {
  if (char >= "a" && char <= "z") return "lowercase";
  if (char >= "A" && char <= "Z") return "uppercase";
  return char >= "0" && char <= "9" ? "digits" : "symbols";
}

function tally(text: string): Record<Kind, number> {
  const counts: Record<Kind, number> = { lowercase: 0, uppercase: 0, digits: 0, symbols: 0 };
  for (const char of text) counts[classOf(char)] += 1;
  return counts;
}

function keeps(password: string, rules: PasswordRules): boolean {
  const counts = tally(password);
  return KINDS.every((kind) => counts[kind] >= rules.required[kind]);
}

/** How many passwords keep the rules (in bits), and which share of all draws they are. */
function strength(rules: PasswordRules): { bits: number; share: number } {
  const sizes = tally(rules.alphabet);
  const firsts = rules.alphabet.length - sizes.symbols;
  const rest = rules.length - 1;
  if (firsts === 0 || rest < 0) return { bits: 0, share: 0 };
  let share = 0;
  for (const kind of KINDS) {
    if (kind === "symbols" || sizes[kind] === 0) continue;
    const required = { ...rules.required, [kind]: Math.max(0, rules.required[kind] - 1) };
    share += (sizes[kind] / firsts) * shareKeeping(required, sizes, rest);
  }
  const draws = Math.log2(firsts) + rest * Math.log2(rules.alphabet.length);
  return { bits: share === 0 ? 0 : draws + Math.log2(share), share };
}

/** The probability that `length` drawn characters hold at least the required number of each kind. */
function shareKeeping(required: Record<Kind, number>, sizes: Record<Kind, number>, length: number): number {
  const total = KINDS.reduce((sum, kind) => sum + sizes[kind], 0);
  // Counts of a draw are independent Poisson counts, given that their sum is the length.
  let ways = [1, ...Array<number>(length).fill(0)];
  for (const kind of KINDS) {
    const chances = poisson((length * sizes[kind]) / total, length);
    const next = Array<number>(length + 1).fill(0);
    for (let used = 0; used <= length; used += 1) {
      for (let more = required[kind]; used + more <= length; more += 1) {
        next[used + more]! += ways[used]! * chances[more]!;
      }
    }
    ways = next;
  }
  return ways[length]! / poisson(length, length)[length]!;
}

function poisson(mean: number, most: number): number[] {
  const chances = [Math.exp(-mean)];
  for (let count = 1; count <= most; count += 1) chances.push((chances[count - 1]! * mean) / count);
  return chances;
}
