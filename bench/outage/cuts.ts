/**
 * Cuts between a server and its own database, each at a chosen point of a transaction.
 *
 * A statement with audit rows that stands alone is a transaction of its own, and counts as a COMMIT. A `…-answer` is cut when
 * the first byte of the answer comes back: what was sent has been done, and nobody is told. What a transaction is for is told
 * by the audit events that it writes.
 */
import type { Hook } from "../proxy/proxy.ts";
import { actOf, eventsIn, readMessages } from "./messages.ts";

export const points = ["begin", "begin-answer", "statement", "statement-answer", "commit", "commit-answer"] as const;
export type Point = (typeof points)[number];

/** A cut to be made: at which point, of a transaction for what, after how many statements. */
export interface Plan {
  point: Point;
  /** Only counts at commits: before that nobody knows what it is for. */
  event?: string;
  after?: number;
}

/** A cut that was made. */
export interface Cut {
  point: Point;
  events: string[];
  /** A statement by itself. */
  alone: boolean;
}

/** One connection. */
interface Line {
  read: ReturnType<typeof readMessages>;
  /** Of the transaction so far, or of the statement that stands alone. */
  events: string[];
  statements: number;
  inTransaction: boolean;
  /** The answer that comes next is cut. */
  doomed: Cut | null;
}

/** The hook, and how it is told to cut. */
export interface Cutter {
  hook: Hook;
  /** Cuts once; resolves when that has happened. @throws when the signal comes first */
  cut(plan: Plan, signal: AbortSignal): Promise<Cut>;
}

/** Makes the hook of one proxy. */
export function createCutter(): Cutter {
  const lines = new Map<number, Line>();
  let planned: { plan: Plan; done: (cut: Cut) => void } | null = null;

  function made(cut: Cut): number {
    planned?.done(cut);
    planned = null;
    return 0;
  }

  /** Whether the planned cut is at what this message does. */
  function isNow(line: Line, act: string): boolean {
    if (!planned) return false;
    const { point, event, after = 0 } = planned.plan;
    const where = point.split("-")[0];
    const commits = act === "commit" || (act === "statement" && !line.inTransaction && line.events.length > 0);
    if (where === "commit") return commits && (event === undefined || line.events.includes(event));
    if (!line.inTransaction || where !== act) return false;
    return act === "begin" || line.statements > after;
  }

  function onRequest(line: Line, chunk: Buffer): "pass" | number {
    let cut: Cut | null = null;
    for (const message of line.read(chunk)) {
      const act = actOf(message);
      if (act === "begin") Object.assign(line, { inTransaction: true, statements: 0, events: [] });
      line.events.push(...eventsIn(message));
      if (act === null) continue;
      if (act === "statement") line.statements += 1;
      if (isNow(line, act))
        cut ??= { point: planned!.plan.point, events: [...new Set(line.events)], alone: !line.inTransaction };
      if (act === "commit" || act === "rollback") line.inTransaction = false;
      if (!line.inTransaction) line.events = [];
    }
    if (!cut) return "pass";
    if (!cut.point.endsWith("-answer")) return made(cut);
    line.doomed = cut;
    return "pass";
  }

  return {
    hook(chunk, direction, number) {
      const line: Line = lines.get(number) ?? {
        read: readMessages(),
        events: [],
        statements: 0,
        inTransaction: false,
        doomed: null,
      };
      lines.set(number, line);
      if (direction === "to-server") return onRequest(line, chunk);
      if (line.doomed === null) return "pass";
      const cut = line.doomed;
      line.doomed = null;
      // Somebody else's answer may have been cut meanwhile: one cut a plan.
      return planned?.plan.point === cut.point ? made(cut) : "pass";
    },
    cut(plan, signal) {
      return new Promise((done, refuse) => {
        planned = { plan, done };
        signal.addEventListener(
          "abort",
          () => {
            planned = null;
            refuse(signal.reason);
          },
          { once: true },
        );
      });
    },
  };
}
