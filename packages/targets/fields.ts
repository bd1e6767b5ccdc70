/**
 * The kinds of field a target's config is made of, and how their `.meta()` is read back.
 *
 * zod keeps the meta on the schema it was given to: `optional`, `default` and `transform` wrap that schema in another one.
 * Whoever reads it must look inside, or the mark of a secret is lost with the first `.optional()`.
 */
import { z } from "zod";

/** What a field says about itself. */
export interface FieldMeta {
  title?: string;
  description?: string;
  order?: number;
  secret?: boolean;
  kind?: string;
}

/** A field whose value is shown to nobody and stored sealed. */
export function secret(meta: FieldMeta = {}) {
  return z
    .string()
    .min(1)
    .meta({ ...meta, secret: true });
}

const unset = (value: unknown) => (value === "" || value === null ? undefined : value);

/** Makes a field optional as the wire means it: `""` and null are the same as absent. */
export function optional<S extends z.ZodType>(schema: S) {
  return z.preprocess(unset, schema.optional());
}

/** An optional field that has a value when it is unset. */
export function defaulted<S extends z.ZodType>(schema: S, value: z.util.NoUndefined<z.output<S>>) {
  return z.preprocess(unset, schema.default(value));
}

/** A field as its layers describe it: the outermost word wins, but a secret anywhere inside stays one. */
export interface ReadField {
  meta: FieldMeta;
  required: boolean;
  default?: unknown;
  /** The schema without its wrappers: what a person types. */
  core: z.core.$ZodType;
}

/** Reads a field through every wrapper that zod knows. */
export function readField(schema: z.core.$ZodType): ReadField {
  const own = (z.globalRegistry.get(schema) ?? {}) as FieldMeta;
  const def = schema._zod.def as unknown as Wrapper;
  const inner = innerOf(def);
  if (inner.length === 0) return { meta: own, required: true, core: schema };
  const fields = inner.map(readField);
  // Of a pipe, the side that describes itself is the one that was written down for people.
  const chosen = fields.find(({ meta }) => Object.keys(meta).length > 0) ?? fields[0]!;
  const meta: FieldMeta = { ...chosen.meta, ...own };
  if (own.secret || fields.some((field) => field.meta.secret)) meta.secret = true;
  const read: ReadField = { ...chosen, meta };
  if (def.type === "optional" || def.type === "nullable") read.required = false;
  if (fields.some((field) => !field.required)) read.required = false;
  if (def.type === "default" || def.type === "prefault") {
    read.required = false;
    read.default = def.defaultValue;
  }
  return read;
}

interface Wrapper {
  type: string;
  innerType?: z.core.$ZodType;
  in?: z.core.$ZodType;
  out?: z.core.$ZodType;
  getter?: () => z.core.$ZodType;
  defaultValue?: unknown;
}

function innerOf(def: Wrapper): z.core.$ZodType[] {
  if (def.type === "lazy") return [def.getter!()];
  if (def.innerType) return [def.innerType];
  return [def.in, def.out].filter(
    (side) => side !== undefined && side._zod.def.type !== "transform",
  ) as z.core.$ZodType[];
}
