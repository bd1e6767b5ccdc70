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

// Whole milliseconds, so that fractions are reckoned exactly: 4.35 minutes are 261 s and not 260.
const units: [names: RegExp, milliseconds: number][] = [
  [/^(milliseconds?|msecs?|ms)?$/, 1],
  [/^(seconds?|secs?|s)$/, 1000],
  [/^(minutes?|mins?|m)$/, 1000 * MINUTE],
  [/^(hours?|hrs?|h)$/, 1000 * HOUR],
  [/^(days?|d)$/, 1000 * DAY],
  [/^(weeks?|w)$/, 1000 * 7 * DAY],
  [/^(years?|yrs?|y)$/, 1000 * YEAR],
];

// No two neighbours of these can match the same character, so each reads a text once from left to right.
const single = /^(\d*)(?:\.(\d+))? *([a-z]*)$/;
const compound = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;
const iso = /^p(?:(\d+)w)?(?:(\d+)d)?(?:t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?$/;

/** Reads a TTL as whole seconds, rounded down; null when it is none. */
export function readTtl(text: string): number | null {
  if (text.length > LONGEST) return null;
  const duration = text.trim().toLowerCase();
  return readSingle(duration) ?? readParts(compound.exec(duration)) ?? readParts(isoParts(duration));
}

function readSingle(duration: string): number | null {
  const [, whole = "", fraction = "", name = ""] = single.exec(duration) ?? [];
  const unit = units.find(([names]) => names.test(name))?.[1];
  if (whole + fraction === "" || unit === undefined) return null;
  const scale = 1000n * 10n ** BigInt(fraction.length);
  return Number((BigInt(whole + fraction) * BigInt(unit)) / scale);
}

function readParts(parts: string[] | null): number | null {
  if (parts === null || parts.slice(1).every((part) => part === undefined)) return null;
  const [weeks, days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return weeks! * 7 * DAY + days! * DAY + hours! * HOUR + minutes! * MINUTE + seconds!;
}

// A final T announces a time of day that never comes.
function isoParts(duration: string): string[] | null {
  return duration.endsWith("t") ? null : iso.exec(duration);
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
