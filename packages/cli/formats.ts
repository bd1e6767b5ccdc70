/**
 * What goes to stdout: rows or one map of values, in the format that was asked for.
 *
 * A table only where a person looks at it, else JSON. Columns are padded with blanks, never boxed and never cut.
 */
import { colours } from "./colours.ts";
import { usage } from "./exit.ts";
import type { Invocation } from "./invocation.ts";

const formats = ["table", "json", "yaml", "dotenv", "dotenv-export", "plain"] as const;

/** One of the output formats. */
export type Format = (typeof formats)[number];

/** A row's title in a table, and its value there. */
export type Columns<R> = [title: string, value: (row: R) => string | number | null | undefined][];

/** Stands for a value that is not shown. */
export const MASK = "********";

/** The format in force; `fallback` wins over the rule "table on a terminal, else JSON". */
export function formatOf({ flags, world }: Invocation, fallback?: Format): Format {
  const asked = flags.output ?? (flags.json ? "json" : undefined);
  if (asked === undefined) return fallback ?? (world.stdout.isTTY ? "table" : "json");
  const format = formats.find((name) => name === asked.toLowerCase());
  if (!format) throw usage(`The format ${asked} is none of ${formats.join(", ")}`);
  return format;
}

/** Refuses an impossible format before anything is asked of the server. */
export function checkRowFormat(invocation: Invocation): void {
  if (formatOf(invocation).startsWith("dotenv")) throw usage("A list like this has no dotenv form", "Use -o json");
}

/** Whether values are hidden: on a terminal, unless `--show`. */
export function masks({ flags, world }: Invocation): boolean {
  return world.stdout.isTTY === true && !flags.show;
}

/** Prints a list. `columns` makes the table; every other format prints the rows as they are. */
export async function printRows<R extends object>(
  invocation: Invocation,
  rows: R[],
  columns: Columns<R>,
): Promise<void> {
  const format = formatOf(invocation);
  if (format === "table") return printTable(invocation, rows, columns);
  if (format === "plain") return print(invocation, rows.map((row) => cells(row, columns).join("\t")).join("\n"));
  print(invocation, await written(rows, format));
}

/** Prints one thing: a table of one row, or the thing itself. */
export async function printRow<R extends object>(invocation: Invocation, row: R, columns: Columns<R>): Promise<void> {
  const format = formatOf(invocation);
  if (format === "table" || format === "plain") return await printRows(invocation, [row], columns);
  print(invocation, await written(row, format));
}

/** Prints named values: a secret's, or a credential's parts. */
export async function printMap(invocation: Invocation, values: Record<string, string>, format: Format): Promise<void> {
  const pairs = Object.entries(values);
  if (format === "table") {
    const columns: Columns<[string, string]> = [
      ["KEY", ([key]) => key],
      ["VALUE", ([, value]) => value],
    ];
    return printTable(invocation, pairs, columns);
  }
  if (format === "plain") return print(invocation, pairs.map(([key, value]) => `${key}=${value}`).join("\n"));
  if (format === "dotenv") return print(invocation, pairs.map(([key, value]) => `${key}=${dotenv(value)}`).join("\n"));
  if (format === "dotenv-export") {
    return print(invocation, pairs.map(([key, value]) => `export ${key}=${shell(value)}`).join("\n"));
  }
  print(invocation, await written(values, format));
}

/** Prints data of any shape, as YAML or else as JSON. */
export async function printData(invocation: Invocation, value: object, format: Format): Promise<void> {
  print(invocation, await written(value, format));
}

/** Prints a table whatever the format; for output that is one by nature. */
export function printTable<R>(invocation: Invocation, rows: R[], columns: Columns<R>): void {
  const { world, flags } = invocation;
  const titles = columns.map(([title]) => title);
  const body = rows.map((row) => cells(row, columns));
  const widths = titles.map((title, at) => Math.max(title.length, ...body.map((row) => row[at]!.length)));
  const line = (texts: string[]) =>
    texts
      .map((text, at) => text.padEnd(widths[at]!))
      .join("  ")
      .trimEnd();
  const { bold } = colours(world, flags, world.stdout);
  print(invocation, [bold(line(titles)), ...body.map(line)].join("\n"));
}

/** Writes data to stdout, and nothing for nothing. */
export function print({ world }: Invocation, text: string): void {
  if (text !== "") world.stdout.write(`${text}\n`);
}

function cells<R>(row: R, columns: Columns<R>): string[] {
  return columns.map(([, value]) => printable(String(value(row) ?? "-")));
}

async function written(value: unknown, format: "json" | "yaml" | Format): Promise<string> {
  if (format !== "yaml") return JSON.stringify(value, null, 2);
  const { stringify } = await import("yaml");
  return stringify(value).trimEnd();
}

// A stored value must not steer the terminal it is shown on, nor break the table.
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => JSON.stringify(char).slice(1, -1));
}

function shell(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

function dotenv(value: string): string {
  if (!value.includes("'")) return `'${value}'`;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("$", "\\$")}"`;
}
