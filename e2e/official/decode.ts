/**
 * What a client's decoder makes of an answer: where it would break, or go on with nothing where it needs something.
 *
 * Types are written as in Go: `string`, `int`, `float`, `bool`, `time`, `[]T`, an object of fields, or the name of one;
 * `jwt` is a token that the client looks into. As in Go, a missing field and null are the zero value of any type and an
 * unknown field is no matter; `!` marks what the client cannot do without, so that zero is as bad as a wrong type.
 */
import type { Json } from "../testing/wire.ts";

/** A type as a client's file has it. */
export type Type = string | [Type] | { [field: string]: Type };

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const scalars: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  int: (value) => Number.isSafeInteger(value),
  float: (value) => typeof value === "number",
  bool: (value) => typeof value === "boolean",
  time: (value) => typeof value === "string" && time.test(value),
  jwt: (value) => typeof value === "string" && secondsLeft(value) > 0,
};

/** Every place where the decoder would break, with what it wanted there; none of the values, which may be secret. */
export function faultsOf(value: Json, type: Type, types: Record<string, Type>, path = "the answer"): string[] {
  if (typeof type === "string" && type.endsWith("!")) {
    if (value === undefined || value === null || value === "") return [`${path} is missing: ${type}`];
    return faultsOf(value, type.slice(0, -1), types, path);
  }
  if (value === undefined || value === null) return [];
  if (typeof type === "string" && type.startsWith("[]")) return faultsOf(value, [type.slice(2)], types, path);
  if (Array.isArray(type)) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, at) => faultsOf(item, type[0], types, `${path}.${at}`));
  }
  if (typeof type === "object") {
    if (typeof value !== "object" || Array.isArray(value)) return [`${path} is no object`];
    return Object.entries(type).flatMap(([field, inner]) => faultsOf(value[field], inner, types, `${path}.${field}`));
  }
  const fits = scalars[type];
  if (fits) return fits(value) ? [] : [`${path} is no ${type}`];
  const named = types[type];
  if (named === undefined) throw new Error(`${path}: no type is called ${type}`);
  return faultsOf(value, named, types, path);
}

/** Seconds until a JWT ends by its own `exp`; none for what is no JWT. */
function secondsLeft(token: string): number {
  try {
    const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp?: unknown };
    return Number(payload.exp) - Date.now() / 1000;
  } catch {
    return 0;
  }
}
