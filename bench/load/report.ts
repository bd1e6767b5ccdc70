/** What is printed and kept: a table for people, a file for later. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { results, type Wish } from "./bench.ts";
import { type Figure, type Goal, isMet, type Line } from "./figures.ts";

/** On what, when and with what something was measured. */
export interface Circumstances {
  date: string;
  machine: { cores: number; model: string; memoryMb: number };
  loadBefore: number[];
  loadAfter: number[];
  versions: Record<string, string>;
  wish: Wish;
}

/** Circumstances at the start. */
export function circumstances(wish: Wish): Circumstances {
  return {
    date: new Date().toISOString(),
    machine: { cores: cpus().length, model: cpus()[0]?.model ?? "", memoryMb: Math.round(totalmem() / 2 ** 20) },
    loadBefore: loadavg(),
    loadAfter: [],
    versions: { node: process.version, commit: commit() },
    wish,
  };
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" });
  try {
    return (
      git("rev-parse", "--short", "HEAD").trim() + (git("status", "--porcelain").trim() === "" ? "" : " and changes")
    );
  } catch {
    return "unknown";
  }
}

/** Keeps the result. @returns the file */
export function keep(about: Circumstances, lines: Line[], stamp: string): string {
  mkdirSync(results, { recursive: true });
  const file = join(results, `load-${stamp}.json`);
  const told = lines.map((line) => ({ ...line, met: isMet(line) }));
  writeFileSync(
    file,
    `${JSON.stringify({ ...about, lines: told }, (key, value) => (key === "times" ? undefined : value), 2)}\n`,
  );
  return file;
}

const headings = ["", "measure", "figure", "raw limit", "share", "goal", "met"];

/** The table, and below it what is to be said to each line. */
export function table(lines: Line[]): string {
  const rows = [headings, ...lines.map(cells)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const drawn = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  const notes = lines.flatMap(({ id, measure, notes = [] }) => notes.map((note) => `${id} ${measure}: ${note}`));
  return [...drawn, "", ...notes].join("\n");
}

/** How noisy it was and on what, in two lines. */
export function footer(about: Circumstances): string {
  const { machine, loadBefore, loadAfter, versions, wish } = about;
  const load = (all: number[]): string => all.map((one) => one.toFixed(1)).join(" ");
  const with_ = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  return [
    `${machine.cores} cores, ${machine.model.trim()}; load average ${load(loadBefore)} before, ${load(loadAfter)} after`,
    `${about.date}; ${with_.join(", ")}; the middle of ${wish.runs} runs, least and greatest in brackets`,
  ].join("\n");
}

function cells(line: Line): string[] {
  const { id, measure, unit, figure, raw, share, goal } = line;
  const met = isMet(line);
  return [
    id,
    measure,
    told(figure, unit),
    raw ? told(raw, unit) : "",
    share ? told(share, "") : "",
    goal ? bound(goal, share ? "" : unit) : "",
    met === null ? "" : met ? "yes" : "NO",
  ];
}

const bound = (goal: Goal, unit: string): string =>
  "least" in goal ? `>= ${goal.least}${unit && ` ${unit}`}` : `<= ${goal.most}${unit && ` ${unit}`}`;

function told({ median, low, high }: Figure, unit: string): string {
  const spread = low === high ? "" : ` (${number(low)}-${number(high)})`;
  return `${number(median)}${unit === "/s" || unit === "" ? unit : ` ${unit}`}${spread}`;
}

function number(value: number): string {
  if (value >= 100) return String(Math.round(value));
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}
