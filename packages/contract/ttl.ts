/**
 * Times to live, as people and clients write them, in whole seconds.
 *
 * Owns the grammar: what npm's `ms` accepts and is positive (a bare number is milliseconds), compounds such as `2h30m`,
 * and ISO 8601 durations without months or years. Anything else is refused, never guessed. Bounds are handed in, since
 * the lower one is a setting.
 */
import { z } from "zod";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365.25 * DAY;

/** No TTL is longer than this text. */
const LONGEST = 64;

/** Shortest and longest TTL, in seconds, both allowed. */
export interface TtlBounds {
  min: number;
  max: number;
}

/** The wire's bounds: one minute to ten years. */
export const ttlBounds: TtlBounds = { min: MINUTE, max: 10 * YEAR };

/** A TTL that was read: the text as it was given, which clients want back unchanged, and what it means. */
export interface Ttl {
  text: string;
  seconds: number;
}

/** What a refused TTL is answered with. */
export const ttlExample = 'TTL must be a duration such as "30m", "2h", "1.5h", "2h30m" or "7d"';

const units: [names: RegExp, seconds: number][] = [
  [/^(milliseconds?|msecs?|ms)?$/, 1 / 1000],
  [/^(seconds?|secs?|s)$/, 1],
  [/^(minutes?|mins?|m)$/, MINUTE],
  [/^(hours?|hrs?|h)$/, HOUR],
  [/^(days?|d)$/, DAY],
  [/^(weeks?|w)$/, 7 * DAY],
  [/^(years?|yrs?|y)$/, YEAR],
];

// Between two digits there is at most one way to go on in each of these, so they read in one pass.
const single = /^(\d+(?:\.\d+)?|\.\d+) *([a-z]*)$/;
const compound = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;
const iso = /^p(?:(\d+)w)?(?:(\d+)d)?(?:t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?$/;

/** Reads a TTL as whole seconds, rounded down; null when it is none. */
export function readTtl(text: string): number | null {
  if (text.length > LONGEST) return null;
  const duration = text.trim().toLowerCase();
  const [, number, unit = ""] = single.exec(duration) ?? [];
  if (number !== undefined) {
    const seconds = units.find(([names]) => names.test(unit))?.[1];
    // Multiplied before it is divided: 1500 ms must not become 1.4999 s.
    if (seconds === undefined) return null;
    return Math.floor(seconds < 1 ? Number(number) / 1000 : Number(number) * seconds);
  }
  const parts = compound.exec(duration) ?? (duration.endsWith("t") ? null : iso.exec(duration));
  if (parts === null || parts.slice(1).every((part) => part === undefined)) return null;
  const [weeks, days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return weeks! * 7 * DAY + days! * DAY + hours! * HOUR + minutes! * MINUTE + seconds!;
}

/** Says what is wrong with a TTL of so many seconds, in the wire's words; null when it is within bounds. */
export function ttlProblem(seconds: number, { min, max }: TtlBounds = ttlBounds): string | null {
  if (!(seconds >= min)) return `TTL must be a greater than ${min === MINUTE ? "1min" : `${min}s`}, for example "2h"`;
  if (!(seconds <= max))
    return `TTL must be less than ${max === ttlBounds.max ? "10 years" : `${max}s`}, for example "2h"`;
  return null;
}

// The server's own lower bound may lie under the wire's; what no setting allows is refused here.
const anyServer: TtlBounds = { min: 1, max: ttlBounds.max };

function checked(text: string, context: z.RefinementCtx): Ttl {
  const seconds = readTtl(text);
  const problem = seconds === null ? ttlExample : ttlProblem(seconds, anyServer);
  if (problem) context.addIssue({ code: "custom", message: problem });
  return { text, seconds: seconds ?? 0 };
}

/** A required TTL. Bounds that depend on a setting are checked by whoever holds the setting, with `ttlProblem`. */
export const ttl = z.string().transform(checked).meta({ description: ttlExample });

/** A TTL that may be left out: absent, null and "" are all null here, which means the default. */
export const optionalTtl = z
  .string()
  .nullish()
  .transform((text, context) => (text === undefined || text === null || text === "" ? null : checked(text, context)))
  .meta({ description: ttlExample });

/** The change of a TTL that may be taken away: absent keeps it, null and "" take it away. */
export const changedTtl = z
  .string()
  .nullish()
  .transform((text, context) => {
    if (text === undefined) return undefined;
    return text === null || text === "" ? null : checked(text, context);
  })
  .meta({ description: ttlExample });
