/**
 * What a target's config looks like, as data: forms, prompts, schemas and redaction are drawn from it.
 */
import type { z } from "zod";
import type { AnyTarget } from "./define.ts";
import { readField } from "./fields.ts";

/** One input of a target. */
export interface Field {
  /** As on the wire. */
  name: string;
  title: string;
  help?: string;
  secret: boolean;
  required: boolean;
  default?: unknown;
  order: number;
  kind: "text" | "number" | "switch" | "choice" | "statement" | "group" | "list";
  choices?: string[];
  /** The placeholders that a statement knows. */
  variables?: string[];
  /** What a group is made of. */
  fields?: Field[];
}

/** A target, described for people who configure it. */
export interface Described {
  type: string;
  title: string;
  fields: Field[];
  /** What it can do at best; a config may take something away. */
  can: AnyTarget["can"];
}

/** Describes a target by its config, in the order of its form. */
export function describe(target: AnyTarget): Described {
  return { type: target.type, title: target.title, fields: describeFields(target.config), can: target.can };
}

/** The schema of one input. */
export function fieldOf(target: AnyTarget, name: string): z.ZodType {
  return shapeOf(target.config)[name] as z.ZodType;
}

/** A JSON Schema of inputs, for forms and prompts: with titles, an order, and a mark on what is secret. */
export function inputsSchema(fields: Field[]): Record<string, unknown> {
  return {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
  };
}

const jsonTypes = { number: "number", switch: "boolean", group: "object", list: "array" } as const;

function fieldSchema(field: Field): Record<string, unknown> {
  const { kind, title, help, secret, order, choices, variables } = field;
  return {
    ...(kind === "group" ? inputsSchema(field.fields ?? []) : { type: jsonTypes[kind as "number"] ?? "string" }),
    title,
    ...(help !== undefined && { description: help }),
    ...(field.default !== undefined && { default: field.default }),
    ...(choices && { enum: choices }),
    ...(kind === "statement" && { "x-statement": variables ?? [] }),
    ...(secret && { "x-secret": true, writeOnly: true }),
    "x-order": order,
  };
}

/** The names of a target's inputs that hold a secret. */
export function secretFields(target: AnyTarget): string[] {
  return Object.entries(shapeOf(target.config))
    .filter(([, schema]) => readField(schema).meta.secret)
    .map(([name]) => name);
}

function describeFields(object: z.core.$ZodType): Field[] {
  const fields = Object.entries(shapeOf(object)).map(([name, schema]) => describeField(name, schema));
  return fields.sort((a, b) => a.order - b.order);
}

function describeField(name: string, schema: z.core.$ZodType): Field {
  const { meta, required, default: value, core } = readField(schema);
  const def = core._zod.def as unknown as { type: string; entries?: Record<string, string> };
  const field: Field = {
    name,
    title: meta.title ?? name,
    secret: meta.secret ?? false,
    required,
    order: meta.order ?? Number.MAX_SAFE_INTEGER,
    kind: meta.kind === "statement" ? "statement" : kindOf(def.type),
  };
  if (meta.description !== undefined) field.help = meta.description;
  if (value !== undefined) field.default = value;
  if (def.entries) field.choices = Object.values(def.entries);
  const { variables } = meta as { variables?: string[] };
  if (variables) field.variables = variables;
  if (field.kind === "group") field.fields = describeFields(core);
  return field;
}

function kindOf(type: string): Field["kind"] {
  if (type === "number" || type === "int") return "number";
  if (type === "boolean") return "switch";
  if (type === "enum") return "choice";
  if (type === "object") return "group";
  return type === "array" ? "list" : "text";
}

/** The fields of a config, through whatever is wrapped around its object. */
function shapeOf(config: z.core.$ZodType): Record<string, z.core.$ZodType> {
  const { core } = readField(config);
  const { shape } = core._zod.def as unknown as { shape?: Record<string, z.core.$ZodType> };
  if (!shape) throw new TypeError("A target's config must be an object");
  return shape;
}
