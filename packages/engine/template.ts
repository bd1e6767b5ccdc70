/**
 * The template language of user names: text and `{{ }}`, holding one variable or one call.
 *
 * Owns the grammar: five variables, five functions, no nesting. Nothing here runs user text as code or as a pattern, and
 * work is bounded by the lengths of a template, a value and a result. It does not know what a target allows in a name.
 */

/** A template may be this long, and so may each value and each result. */
export const TEMPLATE_LIMIT = 255;

/** What `{{ }}` may name. */
export type Variable =
  | "randomUsername"
  | "unixTimestamp"
  | "identity.name"
  | "dynamicSecret.name"
  | "dynamicSecret.type";

type Part =
  | { kind: "text"; text: string; position: number }
  | { kind: "variable"; name: Variable }
  | { kind: "random"; length: number }
  | { kind: "truncate"; of: Variable; length: number }
  | { kind: "replace"; of: Variable; search: string; by: string; position: number }
  | { kind: "uppercase" | "lowercase"; of: Variable };

/** A parsed template; it holds no fault. */
export interface Template {
  readonly parts: readonly Part[];
}

/** What is wrong with a template, where (characters, from 1), and what would be right. */
export class TemplateFault extends Error {
  override name = "TemplateFault";
  readonly position: number;
  constructor(sentence: string, position: number) {
    super(`Username template, character ${position}: ${sentence}`);
    this.position = position;
  }
}

const VARIABLES: ReadonlySet<string> = Object.freeze(
  new Set<Variable>(["randomUsername", "unixTimestamp", "identity.name", "dynamicSecret.name", "dynamicSecret.type"]),
);

interface Word {
  kind: "word" | "quoted";
  text: string;
  position: number;
}

type Reader = (call: Word, words: Word[]) => Part;

const FUNCTIONS: ReadonlyMap<string, Reader> = Object.freeze(
  new Map<string, Reader>([
    ["random", readRandom],
    ["truncate", readTruncate],
    ["replace", readReplace],
    ["uppercase", (call, words) => ({ kind: "uppercase", of: onlyVariable(call, words) })],
    ["lowercase", (call, words) => ({ kind: "lowercase", of: onlyVariable(call, words) })],
  ]),
);

/** Reads a template. @throws TemplateFault */
export function parseTemplate(text: string): Template {
  if (text.length > TEMPLATE_LIMIT) {
    throw new TemplateFault(`a template has at most ${TEMPLATE_LIMIT} characters.`, TEMPLATE_LIMIT + 1);
  }
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    const plain = text.slice(at, open < 0 ? text.length : open);
    const stray = plain.indexOf("}}");
    if (stray >= 0) throw new TemplateFault("}} closes nothing; write {{ before the variable.", at + stray + 1);
    if (plain) parts.push({ kind: "text", text: plain, position: at + 1 });
    if (open < 0) break;
    const { words, end } = readWords(text, open);
    parts.push(readPart(words, open));
    at = end;
  }
  return { parts };
}

/** Splits what stands between `{{` at `open` and its `}}`; `end` is behind them. */
function readWords(text: string, open: number): { words: Word[]; end: number } {
  const words: Word[] = [];
  let at = open + 2;
  while (at < text.length) {
    const char = text[at]!;
    const position = at + 1;
    if (char === " " || char === "\t") at += 1;
    else if (text.startsWith("}}", at)) return { words, end: at + 2 };
    else if (char === "'" || char === '"') {
      const close = text.indexOf(char, at + 1);
      if (close < 0) throw new TemplateFault(`the quote ${char} is not closed.`, position);
      words.push({ kind: "quoted", text: text.slice(at + 1, close), position });
      at = close + 1;
    } else {
      const start = at;
      while (at < text.length && /[A-Za-z0-9._]/.test(text[at]!)) at += 1;
      if (at === start) {
        const hint = char === "(" ? "calls cannot be nested" : "write one variable or one call between {{ and }}";
        throw new TemplateFault(`${JSON.stringify(char)} does not belong here; ${hint}.`, position);
      }
      words.push({ kind: "word", text: text.slice(start, at), position });
    }
  }
  throw new TemplateFault("{{ is not closed; write }} behind it.", open + 1);
}

function readPart(words: Word[], open: number): Part {
  const [first, ...rest] = words;
  if (!first) throw new TemplateFault("{{ }} is empty; write a variable, such as {{randomUsername}}.", open + 1);
  const call = first.kind === "word" ? FUNCTIONS.get(first.text) : undefined;
  if (call) return call(first, rest);
  const name = variable(first);
  if (rest[0]) throw new TemplateFault(`nothing may follow ${name}; ${name} is a variable.`, rest[0].position);
  return { kind: "variable", name };
}

function readRandom(call: Word, words: Word[]): Part {
  const [length] = expect(call, words, 1, "random 12");
  return { kind: "random", length: count(length!, 100) };
}

function readTruncate(call: Word, words: Word[]): Part {
  const [of, length] = expect(call, words, 2, "truncate identity.name 8");
  return { kind: "truncate", of: variable(of!), length: count(length!, TEMPLATE_LIMIT) };
}

function readReplace(call: Word, words: Word[]): Part {
  const [of, search, by] = expect(call, words, 3, "replace identity.name 'old' 'new'");
  const text = quoted(search!);
  if (text === "") throw new TemplateFault("replace needs a text to look for; it is empty here.", search!.position);
  // Other servers take these as a pattern; taken literally they would silently mean something else.
  if (/[[\]{}|]/.test(text)) {
    throw new TemplateFault("replace looks for plain text: leave out [ ] { } and |.", search!.position);
  }
  return { kind: "replace", of: variable(of!), search: text, by: quoted(by!), position: by!.position };
}

function onlyVariable(call: Word, words: Word[]): Variable {
  return variable(expect(call, words, 1, `${call.text} identity.name`)[0]!);
}

function expect(call: Word, words: Word[], wanted: number, example: string): Word[] {
  if (words.length === wanted) return words;
  const position = words[wanted]?.position ?? call.position;
  const argument = wanted === 1 ? "one argument" : `${wanted} arguments`;
  throw new TemplateFault(`${call.text} takes ${argument}, as in {{${example}}}.`, position);
}

function variable(word: Word): Variable {
  if (word.kind === "word" && VARIABLES.has(word.text)) return word.text as Variable;
  if (word.kind === "word" && FUNCTIONS.has(word.text)) {
    throw new TemplateFault("calls cannot be nested; write a variable here.", word.position);
  }
  const shown = word.text.length > 40 ? `${word.text.slice(0, 40)}…` : word.text;
  const known = [...VARIABLES, ...FUNCTIONS.keys()].join(", ");
  throw new TemplateFault(`${JSON.stringify(shown)} is not known; known are ${known}.`, word.position);
}

function count(word: Word, most: number): number {
  const value = word.kind === "word" && /^\d{1,3}$/.test(word.text) ? Number(word.text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new TemplateFault(`a whole number from 1 to ${most} belongs here.`, word.position);
}

function quoted(word: Word): string {
  if (word.kind === "quoted") return word.text;
  throw new TemplateFault("a text in quotes belongs here, such as 'new'.", word.position);
}

/**
 * Fills a template in; `random(n)` gives n random characters. A result of more than 255 characters is cut.
 */
export function renderTemplate(
  template: Template,
  values: Readonly<Record<Variable, string>>,
  random: (length: number) => string,
): string {
  let result = "";
  for (const part of template.parts) {
    result += renderPart(part, (name) => values[name].slice(0, TEMPLATE_LIMIT), random);
    if (result.length >= TEMPLATE_LIMIT) return result.slice(0, TEMPLATE_LIMIT);
  }
  return result;
}

function renderPart(part: Part, value: (name: Variable) => string, random: (length: number) => string): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "variable":
      return value(part.name);
    case "random":
      return random(part.length);
    case "truncate":
      return [...value(part.of)].slice(0, part.length).join("");
    case "replace":
      // By function: a replacement string would expand `$&`.
      return value(part.of).replaceAll(part.search, () => part.by);
    case "uppercase":
      return value(part.of).toUpperCase();
    case "lowercase":
      return value(part.of).toLowerCase();
  }
}

/** The texts that a template puts into every name by itself, and where they stand. */
export function literals(template: Template): { text: string; position: number }[] {
  return template.parts.flatMap((part) => {
    if (part.kind === "text") return [{ text: part.text, position: part.position }];
    // Behind the opening quote.
    if (part.kind === "replace") return [{ text: part.by, position: part.position + 1 }];
    return [];
  });
}

/** Parts a template into what comes first and the random run that it ends in; `randomUsername` has `usernameLength` characters. */
export function splitRandomTail(
  template: Template,
  usernameLength: number,
): { head: Template; tail: Template; length: number } {
  let from = template.parts.length;
  let length = 0;
  while (from > 0) {
    const more = randomLength(template.parts[from - 1]!, usernameLength);
    if (more === 0) break;
    length += more;
    from -= 1;
  }
  return { head: { parts: template.parts.slice(0, from) }, tail: { parts: template.parts.slice(from) }, length };
}

function randomLength(part: Part, usernameLength: number): number {
  if (part.kind === "random") return part.length;
  if (part.kind === "variable") return part.name === "randomUsername" ? usernameLength : 0;
  if (part.kind === "text" || part.kind === "replace" || part.of !== "randomUsername") return 0;
  return part.kind === "truncate" ? Math.min(part.length, usernameLength) : usernameLength;
}
