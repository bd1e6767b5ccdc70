/**
 * Reads an operator's SQL (PostgreSQL's spelling) and finds its placeholders.
 *
 * Owns the lexical rules: the five quotings, comments, where one statement ends. What is outside a quote is cut into words
 * only as far as somebody asks: a statement's words, and the word before a literal. It does not know which placeholders
 * exist or what they will hold.
 */

/** Where a placeholder stands, which decides how its value is written. */
export type Context = "literal" | "escaped literal" | "name" | "bare";

/** One `{{name}}` of the text. */
export interface Placeholder {
  name: string;
  context: Context;
  /** The word before a literal that is nothing but this placeholder, in upper case: `PASSWORD '{{password}}'`. */
  alone?: string;
  /** Where it starts in the text. */
  at: number;
}

/** One statement: its words outside quotes and comments, in upper case, and where it stands in the text. */
export interface Statement {
  words: string[];
  start: number;
  end: number;
}

/** A text read once: literal pieces and placeholders in turn, and its statements. */
export interface Script {
  text: string;
  pieces: (string | Placeholder)[];
  statements: Statement[];
}

/** A fault in the text: one sentence, and where. */
export class StatementFault extends Error {
  override name = "StatementFault";
  readonly at: number;
  constructor(sentence: string, text: string, at: number) {
    super(`${sentence} (${place(text, at)})`);
    this.at = at;
  }
}

/** "line 2, column 7" of a position in a text. */
export function place(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  return `line ${before.length}, column ${[...before.at(-1)!].length + 1}`;
}

const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
/** What may touch a bare placeholder: anything else could make one token of both. */
const APART = /[ \t\n\r\f\v(),;.=]/;
const BLANK = /[ \t\n\r\f\v]/;

/** Reads a text. @throws StatementFault */
export function readScript(text: string): Script {
  const pieces: (string | Placeholder)[] = [];
  const statements: Statement[] = [];
  let words: string[] = [];
  let start = -1;
  let done = 0;
  let at = 0;
  /** A literal right behind another one continues it, escapes included. */
  let last: Context = "bare";
  /** Inside the body of a standard-SQL function, BEGIN ATOMIC …; …; END, a semicolon ends no statement. */
  let depth = 0;

  const fault = (sentence: string, where: number) => new StatementFault(sentence, text, where);
  const add = (context: Context, alone?: string) => {
    const close = text.indexOf("}}", at);
    if (close < 0) throw fault("The placeholder that starts with {{ is never closed with }}", at);
    const name = text.slice(at + 2, close).trim();
    if (done < at) pieces.push(text.slice(done, at));
    pieces.push(alone === undefined ? { name, context, at } : { name, context, alone, at });
    at = done = close + 2;
  };
  const refuse = (from: number, to: number, inside: string) => {
    const found = text.slice(from, to).indexOf("{{");
    if (found >= 0) throw fault(`A placeholder cannot stand in ${inside}`, from + found);
  };
  /** Reads on to the closing quote; `at` stands behind the opening one. */
  const quoted = (quote: string, context: Context, word: string | undefined) => {
    const open = at - 1;
    for (;;) {
      if (at >= text.length) throw fault(`The quote ${quote} is never closed`, open);
      if (context === "escaped literal" && text[at] === "\\") at += 2;
      else if (text.startsWith("{{", at)) {
        const close = text.indexOf("}}", at);
        const fills = at === open + 1 && text[close + 2] === quote && text[close + 3] !== quote;
        add(context, fills && quote === "'" ? word : undefined);
      } else if (text[at] !== quote) at += 1;
      else if (text[at + 1] === quote) at += 2;
      else {
        at += 1;
        return;
      }
    }
  };

  while (at < text.length) {
    const char = text[at]!;
    if (BLANK.test(char)) {
      at += 1;
      continue;
    }
    if (text.startsWith("--", at)) {
      const end = text.slice(at).search(/[\r\n]/);
      refuse(at, end < 0 ? text.length : at + end, "a comment; leave it out");
      at = end < 0 ? text.length : at + end;
      continue;
    }
    if (text.startsWith("/*", at)) {
      const end = commentEnd(text, at);
      if (end < 0) throw fault("The comment that starts with /* is never closed", at);
      refuse(at, end, "a comment; leave it out");
      at = end;
      continue;
    }
    if (char === ";" && depth === 0) {
      if (start >= 0) statements.push({ words, start, end: at });
      words = [];
      start = -1;
      at += 1;
      continue;
    }
    if (start < 0) start = at;
    if (char === "'" || char === '"') {
      at += 1;
      const context: Context = char === '"' ? "name" : words.at(-1) === "'" ? last : "literal";
      quoted(char, context, words.at(-1));
      words.push(char);
      last = context;
    } else if (text.startsWith("{{", at)) {
      const before = text[at - 1];
      const placed = at;
      add("bare");
      const after = text[at];
      if ((before !== undefined && !APART.test(before)) || (after !== undefined && !APART.test(after))) {
        throw fault("A placeholder outside quotes must stand apart; put it in quotes", placed);
      }
      words.push("{{");
    } else if (char === "$") {
      DOLLAR.lastIndex = at;
      const tag = DOLLAR.exec(text)?.[0];
      const end = tag === undefined ? at + 1 : text.indexOf(tag, at + tag.length);
      if (tag !== undefined && end < 0) throw fault(`The quote ${tag} is never closed`, at);
      refuse(at, end, "dollar quotes; build the text with format() and '…'");
      at = end + (tag?.length ?? 0);
    } else {
      WORD.lastIndex = at;
      const word = WORD.exec(text)?.[0];
      at += word?.length ?? (text.codePointAt(at)! > 0xffff ? 2 : 1);
      if (word === undefined) continue;
      const upper = word.toUpperCase();
      const next = text[at];
      if (next === "'" && /^[EBXNU]$/.test(upper)) {
        at += 1;
        const from = at;
        last = upper === "E" ? "escaped literal" : "literal";
        quoted("'", last, words.at(-1));
        if (upper !== "E" && upper !== "N") refuse(from, at, `${upper}'…'`);
        words.push("'");
      } else if (upper === "U" && next === "&" && /['"]/.test(text[at + 1] ?? "")) {
        const quote = text[at + 1]!;
        at += 2;
        const from = at;
        quoted(quote, "literal", undefined);
        refuse(from, at, "U&'…' or U&\"…\"; use plain quotes");
        words.push(quote);
      } else {
        if (upper === "ATOMIC" && words.at(-1) === "BEGIN") depth = 1;
        else if (depth > 0 && upper === "CASE") depth += 1;
        else if (depth > 0 && upper === "END") depth -= 1;
        words.push(upper);
      }
    }
  }
  if (start >= 0) statements.push({ words, start, end: text.length });
  if (done < text.length) pieces.push(text.slice(done));
  return { text, pieces, statements };
}

/** PostgreSQL's comments nest. Gives the position behind the comment, -1 if it is open. */
function commentEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length - 1; at += 1) {
    if (text.startsWith("/*", at)) depth += 1;
    else if (text.startsWith("*/", at)) depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return -1;
}
