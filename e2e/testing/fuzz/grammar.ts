/**
 * The language of requests, read from the server's own OpenAPI document: every operation with a request that fits it.
 *
 * Owns what "valid" is. Things that come and go while requests change them stand in a request by name, as `§leaseId§`, and
 * get their id when it is sent; so the same seed gives the same requests on another server.
 */
import fc from "fast-check";
import type { Json } from "../wire.ts";

/** One operation of the document. */
export interface Operation {
  name: string;
  method: string;
  /** Segments; `{name}` stands for a parameter. */
  path: string;
  /** Every status that the document declares for it. */
  statuses: Set<number>;
  /** Whether a good answer is a stream of events, without end. */
  streams: boolean;
  params: Record<string, Json>;
  query: Record<string, Json>;
  body: Json | null;
}

/** A request that is not sent yet. */
export interface Draft {
  operation: Operation;
  method: string;
  segments: string[];
  /** Appended to the path as it is. */
  suffix: string;
  query: [string, string][];
  headers: Record<string, string>;
  body: Json | undefined;
  /** Sent in place of `body`. */
  text: string | undefined;
  caller: string;
  /** What was done to it, for a person. */
  done: string[];
}

/** Reads the operations of an OpenAPI document. */
export function operationsOf(document: Json): Operation[] {
  const operations: Operation[] = [];
  for (const [path, methods] of Object.entries<Json>(document.paths)) {
    for (const [method, operation] of Object.entries<Json>(methods)) {
      const fields = (where: string): Record<string, Json> =>
        Object.fromEntries(
          operation.parameters
            .filter((parameter: Json) => parameter.in === where)
            .map(({ name, required, schema }: Json) => [name, { ...schema, required }]),
        );
      operations.push({
        name: operation.operationId,
        method: method.toUpperCase(),
        path,
        statuses: new Set(Object.keys(operation.responses).map(Number)),
        streams: "text/event-stream" in (operation.responses[200].content ?? {}),
        params: fields("path"),
        query: fields("query"),
        body: operation.requestBody?.content["application/json"].schema ?? null,
      });
    }
  }
  return operations;
}

/** Values that a field of this name has in a request that fits. */
export type Words = Record<string, readonly Json[]>;

/** Every name of a value that has several. */
const synonyms = [
  ["projectSlug", "projectId", "workspaceId", "workspaceSlug"],
  ["environmentSlug", "environment"],
  ["path", "secretPath", "directory"],
];

/** Requests that fit the operation, by nobody in particular. */
export function fitting(operation: Operation, words: Words, wordsInPath: Words): fc.Arbitrary<Draft> {
  const { method, path, params, query } = operation;
  const fields = (schemas: Record<string, Json>, words: Words): fc.Arbitrary<Record<string, Json>> =>
    objectOf({ properties: schemas, required: requiredOf(schemas) }, words);
  const body = operation.body === null ? fc.constant(undefined) : valuesOf(operation.body, words);
  return fc.record({ params: fields(params, wordsInPath), query: fields(query, words), body }).map(
    (given): Draft => ({
      operation,
      method,
      segments: path
        .slice(1)
        .split("/")
        .map((segment) => (segment.startsWith("{") ? encoded(String(given.params[segment.slice(1, -1)])) : segment)),
      suffix: "",
      query: Object.entries(given.query).map(([name, value]) => [name, String(value)]),
      headers: {},
      body: given.body,
      text: undefined,
      caller: "",
      done: [],
    }),
  );
}

/** As in a URL, except that a reference stays one. */
export function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("%C2%A7", "§");
}

function requiredOf(schemas: Record<string, Json>): string[] {
  return Object.keys(schemas).filter((name) => schemas[name].required === true);
}

function objectOf(schema: Json, words: Words): fc.Arbitrary<Json> {
  const properties: Record<string, Json> = schema.properties ?? {};
  const names = Object.keys(properties);
  const places = synonyms.filter((group) => group.every((name) => names.includes(name)));
  const own = names.filter((name) => !places.flat().includes(name));
  const needed: string[] = schema.required ?? [];
  const values = Object.fromEntries(own.map((name) => [name, valuesOf(properties[name], words, name)]));
  const chosen = places.map((group) =>
    fc.oneof(...group.map((name) => valuesOf(properties[name], words, name).map((value) => [name, value]))),
  );
  return fc
    .tuple(fc.record(values, { requiredKeys: own.filter((name) => needed.includes(name)) }), fc.tuple(...chosen))
    .map(([object, pairs]) => ({ ...object, ...Object.fromEntries(pairs) }));
}

/** Values of a schema; those of a field that has words are mostly these. */
function valuesOf(schema: Json, words: Words, name = ""): fc.Arbitrary<Json> {
  const known = (Object.hasOwn(words, name) ? words[name]! : []).filter((word) => isOf(schema, word));
  const any = bySchema(schema, words, name);
  if (known.length === 0) return any;
  return fc.oneof({ weight: 29, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: any });
}

function isOf(schema: Json, word: Json): boolean {
  if (schema.enum !== undefined || schema.const !== undefined) return false;
  const types = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(({ type }) => type ?? []);
  return types.includes(Array.isArray(word) ? "array" : typeof word);
}

function bySchema(schema: Json, words: Words, name = ""): fc.Arbitrary<Json> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices: Json[] | undefined = schema.oneOf ?? schema.anyOf;
  if (choices) return fc.oneof(...choices.map((choice) => bySchema(choice, words, name)));
  const type = [schema.type].flat();
  if (type.length > 1) return fc.oneof(...type.map((one) => bySchema({ ...schema, type: one }, words, name)));
  switch (type[0]) {
    case "object":
      return schema.properties ? objectOf(schema, words) : fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue());
    case "array": {
      const { minItems: minLength = 0, maxItems = 3 } = schema;
      return fc.array(valuesOf(schema.items ?? {}, words, name), {
        minLength,
        maxLength: Math.max(minLength, Math.min(3, maxItems)),
      });
    }
    case "string":
      return textOf(schema);
    case "integer":
      return fc.integer({ min: Math.max(schema.minimum ?? 0, 0), max: Math.min(schema.maximum ?? 1e9, 1e9) });
    case "number":
      return fc.double({ noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue();
  }
}

const byPattern = new Map<string, fc.Arbitrary<string>>();

function textOf({ pattern, minLength = 0, maxLength = 40 }: Json): fc.Arbitrary<string> {
  if (!pattern) return fc.string({ minLength, maxLength: Math.min(maxLength, 40) });
  // fast-check looks neither ahead nor behind, so a few of these do not fit.
  const made =
    byPattern.get(pattern) ?? fc.stringMatching(new RegExp(pattern.replace(/\(\?<?[!=](\\.|[^()\\])*\)/g, "")));
  byPattern.set(pattern, made);
  return made;
}
