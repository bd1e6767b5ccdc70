/**
 * The fields that several routes have: one limit and one message for each kind of value.
 *
 * A message says what the field must be and never repeats what was sent. "" on an optional field means unset, since
 * official clients send it so.
 */
import { z } from "zod";

/** A time in a reply: handlers answer with a `Date`, ISO 8601 in UTC leaves. */
export const time = z
  .union([z.date(), z.string()])
  .transform((value) => (value instanceof Date ? value.toISOString() : value))
  .pipe(z.iso.datetime());

/** A time in a request. */
export const moment = z.iso
  .datetime({ offset: true, error: "must be a time in ISO 8601, such as 2026-01-31T12:00:00Z" })
  .transform((value) => new Date(value));

/** The id of anything. */
export const id = z.guid("must be an id (a UUID)").toLowerCase();

/** A slug that names something that exists; which ones may be made is `newSlug`. */
export const slug = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "-" or "_"');

/** A slug for something new. */
export const newSlug = z
  .string()
  .trim()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/,
    'must be 1 to 64 lower-case letters, digits, "-" or "_", not starting with a mark',
  );

/** A display name. */
export const title = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(255, "must be at most 255 characters")
  .regex(/^\P{Cc}*$/u, "must not contain control characters");

/** Whether a database can keep a text as it is: without NUL and without half a character. */
function isStorable(text: string): boolean {
  return !text.includes("\u0000") && text.isWellFormed();
}

const unstorable = "must not contain NUL or half a character";

/** One line of text, of at most so many characters. */
export function line(longest: number) {
  return z
    .string()
    .trim()
    .max(longest, `must be at most ${longest} characters`)
    .regex(/^\P{Cc}*$/u, "must not contain control characters")
    .refine(isStorable, unstorable);
}

/** Free text of at most so many characters. */
export function text(longest: number) {
  return z.string().max(longest, `must be at most ${longest} characters`).refine(isStorable, unstorable);
}

/** The same where it may be left out: absent and null are "". */
export function note(longest = 1024) {
  return text(longest)
    .nullish()
    .transform((given) => given ?? "");
}

/** A whole number of at least 0 and at most `most`. */
export function count(most: number) {
  return z.int(`must be a whole number from 0 to ${most}`).min(0).max(most);
}

/** How many of a list a page has, in a query: a whole number up to 100. */
export const pageLimit = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, "must be a whole number from 1 to 100")
  .transform(Number)
  .pipe(z.int().max(100, "must be a whole number from 1 to 100"));

/** A boolean in a query: `true` and `False` alike; absent and "" are the default. */
export function flag(otherwise: boolean): z.ZodDefault<z.ZodType<boolean, boolean | string | null>> {
  const read = (value: unknown) => {
    if (value === null || value === "") return otherwise;
    const text = typeof value === "string" ? value.toLowerCase() : value;
    return text === "true" ? true : text === "false" ? false : text;
  };
  const schema = z.preprocess(read, z.boolean('must be "true" or "false"')).default(otherwise);
  return schema.meta({ description: `Default: ${otherwise}.` }) as z.ZodType as ReturnType<typeof flag>;
}

/** An optional field on which null and "" also mean unset. */
export function unset<S extends z.ZodType>(field: S): z.ZodOptional<z.ZodType<z.output<S>, z.input<S> | "" | null>> {
  const read = (value: unknown) => (value === null || value === "" ? undefined : value);
  return z.preprocess(read, field.optional()).optional() as z.ZodType as ReturnType<typeof unset<S>>;
}

/** Labels of the caller's own. */
export const metadata = z
  .array(
    z.object({
      key: z.string().trim().min(1).max(255).refine(isStorable, unstorable),
      value: z.string().max(1020).refine(isStorable, unstorable),
    }),
  )
  .max(64, "must be at most 64 entries");

/** Most levels of a JSON value. */
const DEEPEST = 32;

/** A JSON object whose fields somebody else checks: here only its size and depth. */
export const freeObject = z
  .record(z.string(), z.unknown())
  // Not a schema of the key: its issue would have the key in its path, however long that is.
  .refine((value) => Object.keys(value).every((key) => key.length <= 128), "must not have names over 128 characters")
  .refine((value) => Object.keys(value).length <= 256, "must be at most 256 fields")
  .refine((value) => depthWithin(value, DEEPEST), `must be at most ${DEEPEST} levels deep`);

/** The same, to be kept as it is. */
export const storedObject = freeObject.refine(
  keepsWhole,
  "must not contain NUL or half a character, in names or values",
);

function keepsWhole(value: unknown): boolean {
  let level = [value];
  while (level.length > 0) {
    if (level.some((item) => typeof item === "string" && !isStorable(item))) return false;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.entries(item).flat() : []));
  }
  return true;
}

// Level by level and not by recursion: the depth is the sender's.
function depthWithin(value: unknown, deepest: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return false;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return true;
}
