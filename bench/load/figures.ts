/** Figures of several runs, and the lines that they become. */

/** A figure: the middle one of its runs, and the least and the greatest. */
export interface Figure {
  median: number;
  low: number;
  high: number;
}

/** Sums up one figure of several runs. */
export function figureOf(values: number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { median, low: sorted[0] ?? 0, high: sorted.at(-1) ?? 0 };
}

/** What a measure has to reach. */
export type Goal = { least: number } | { most: number };

/** One line of the table. */
export interface Line {
  /** The measure of the design, such as P2. */
  id: string;
  measure: string;
  unit: string;
  figure: Figure;
  /** The same by the raw limit of the same runs, and what share of it the figure is. */
  raw?: Figure;
  share?: Figure;
  /** Of the share where there is one, else of the figure. */
  goal?: Goal;
  /** Everything else there is to know, for the file. */
  detail?: unknown;
  /** Said below the table. */
  notes?: string[];
}

/** Whether a line reaches its goal; null where it has none. */
export function isMet({ figure, share, goal }: Line): boolean | null {
  if (!goal) return null;
  const { median } = share ?? figure;
  return "least" in goal ? median >= goal.least : median <= goal.most;
}
