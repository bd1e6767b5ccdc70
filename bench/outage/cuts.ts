/**
 * Cuts between a server and its own database, each at a chosen point of a transaction.
 *
 * A `…-answer` is cut when the first byte of the answer comes back: what was sent has been done, and nobody is told. Where
 * a transaction writes an audit row before the cut, its event tells what the transaction was for.
 */
import type { Hook } from "../proxy/proxy.ts";
import { actOf, eventIn, readMessages } from "./messages.ts";

export const points = ["begin", "begin-answer", "statement", "statement-answer", "commit", "commit-answer"] as const;
export type Point = (typeof points)[number];

/** A cut to be made: at which point, of a transaction for what, after how many statements. */
export interface Plan {
  point: Point;
  /** Only counts where the transaction is over: before that nobody knows what it is for. */
  event?: string;
  after?: number;
}

/** A cut that was made. */
export interface Cut {
  point: Point;
  event: string | null;
}

/** One connection. */
interface Line {
  read: ReturnType<typeof readMessages>;
  event: string | null;
  statements: number;
  inTransaction: boolean;
  /** The answer that comes next is cut. */
  doomed: Point | null;
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

  function made(line: Line, point: Point): number {
    planned?.done({ point, event: line.event });
    planned = null;
    return 0;
  }

  function isNow(line: Line, act: string): boolean {
    if (!planned || !line.inTransaction) return false;
    const { point, event, after = 0 } = planned.plan;
    if (point.split("-")[0] !== act) return false;
    if (act === "statement") return line.statements > after;
    return act !== "commit" || event === undefined || event === line.event;
  }

  function onRequest(line: Line, chunk: Buffer): "pass" | number {
    let now = false;
    for (const message of line.read(chunk)) {
      line.event = eventIn(message) ?? line.event;
      const act = actOf(message);
      if (act === "begin") {
        line.inTransaction = true;
        line.statements = 0;
        line.event = null;
      }
      if (act === "statement") line.statements += 1;
      if (act !== null) now ||= isNow(line, act);
      if (act === "commit" || act === "rollback") line.inTransaction = false;
    }
    if (!now) return "pass";
    const { point } = planned!.plan;
    if (!point.endsWith("-answer")) return made(line, point);
    line.doomed = point;
    return "pass";
  }

  return {
    hook(chunk, direction, number) {
      const line: Line = lines.get(number) ?? {
        read: readMessages(),
        event: null,
        statements: 0,
        inTransaction: false,
        doomed: null,
      };
      lines.set(number, line);
      if (direction === "to-server") return onRequest(line, chunk);
      if (line.doomed === null) return "pass";
      const point = line.doomed;
      line.doomed = null;
      // Somebody else's answer may have been cut meanwhile: one cut a plan.
      return planned?.plan.point === point ? made(line, point) : "pass";
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
