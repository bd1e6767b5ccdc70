/** Reads a file of `NAME=value` lines, as `secrets set --file` takes it. */
import { usage } from "./exit.ts";

const line = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(.*)$/;

/** Names and values in the order of the file; the last of a name wins. Quoted values may hold line breaks. */
export function readDotenv(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    if (/^\s*(#|$)/.test(lines[at]!)) continue;
    const [, name, start] = line.exec(lines[at]!) ?? [];
    // The line itself may hold a secret, so only its number is told.
    if (name === undefined || start === undefined) throw usage(`Line ${at + 1} is not NAME=value`);
    const quote = /^["'`]/.exec(start)?.[0];
    if (!quote) {
      values.set(name, start.replace(/\s+#.*$/, "").trimEnd());
      continue;
    }
    const first = at;
    let quoted = start;
    while (closing(quoted, quote) < 0) {
      if (++at >= lines.length) throw usage(`The quote opened on line ${first + 1} is never closed`);
      quoted += `\n${lines[at]}`;
    }
    const inside = quoted.slice(1, closing(quoted, quote));
    values.set(name, quote === '"' ? unescaped(inside) : inside);
  }
  return values;
}

function closing(text: string, quote: string): number {
  for (let at = 1; at < text.length; at++) {
    if (quote === '"' && text[at] === "\\") at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}
