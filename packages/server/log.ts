/**
 * The log. Owns what may be in it: named fields only. Bodies, headers, queries and tokens have no field, and an error is
 * told by its class, its code and where it was thrown; messages of drivers and parsers can carry what was sent, so only
 * our own messages are written.
 */
import { pino } from "pino";

/** Where this server tells what happens. */
export type ServerLog = ReturnType<typeof createLog>;

/** A log of JSON lines on standard output. */
export function createLog(level: string) {
  return pino({
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  });
}

/** What is told of an error. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(speaksForItself(error) && { message: error.message }),
    at: (error.stack ?? "")
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 12)
      .map((line) => line.trim()),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** A driver's and a parser's message may quote its input; programming errors name properties, never values. */
function speaksForItself(error: Error): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
}
