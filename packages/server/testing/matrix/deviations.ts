/** Cells that are not as they must be, and how they are told. */
import type { Cell } from "./run.ts";

/** One of them. */
export interface Deviation {
  route: string;
  caller: string;
  object: string;
  expected: string;
  got: string;
}

/** Makes one of a cell. */
export function deviation({ name, caller, whose }: Cell, expected: string, got: string): Deviation {
  return { route: name, caller: caller.name, object: whose, expected, got };
}

const MOST_SHOWN = 60;

/** A readable table of them. */
export function tableOf(deviations: Deviation[]): string {
  const shown = deviations
    .slice(0, MOST_SHOWN)
    .map(({ route, caller, object, expected, got }) => [route, caller, object, expected, got.slice(0, 200)]);
  const head = ["route", "caller", "object", "expected", "got"];
  const widths = head.map((_, at) => Math.min(60, Math.max(...[head, ...shown].map((row) => row[at]!.length))));
  const lines = [head, ...shown].map((row) =>
    row
      .map((text, at) => text.padEnd(widths[at]!))
      .join("  ")
      .trimEnd(),
  );
  return [`${deviations.length} cells deviate`, ...lines].join("\n");
}
