/**
 * The OpenAPI 3.1 document, built from the routes and from nothing else.
 *
 * Beyond the standard it says of each operation who may call it (`x-permission`) and under which event it is audited
 * (`x-audit`), and of each field whether it holds a secret (`x-secret`).
 */
import { z } from "zod";
import { errorBody, errors } from "./errors.ts";
import { IDEMPOTENCY_KEY, idempotencyKey, type Route } from "./route.ts";

type Json = { [key: string]: unknown };

/** An OpenAPI document, as far as its readers here need it. */
export interface OpenApi extends Json {
  openapi: string;
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, Json>>;
  components: { schemas: Record<string, Json>; responses: Record<string, Json>; securitySchemes: Json };
}

/** Builds the document. */
export function openApi(routes: Record<string, Route>, { version, url }: { version: string; url?: string }): OpenApi {
  const schemas: Record<string, Json> = {};
  const schema = (type: z.ZodType, io: "input" | "output") => toSchema(type, io, schemas);
  const error = { content: { "application/json": { schema: schema(errorBody, "output") } } };
  const responses: Record<string, Json> = {};
  for (const [name, { status, means }] of Object.entries(errors)) {
    const before = responses[status]?.description;
    const line = `\`${name}\`: ${means}`;
    responses[status] = { description: before ? `${before}\n\n${line}` : line, ...error };
  }

  const paths: OpenApi["paths"] = {};
  for (const [name, route] of Object.entries(routes)) {
    const path = route.path.replace(/:([A-Za-z]+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(name, route, schema);
  }

  return {
    openapi: "3.1.0",
    info: {
      title: "Dayfly",
      version,
      description: "Dynamic secrets: credentials that live for minutes or hours, and are taken back on time.",
    },
    ...(url && { servers: [{ url }] }),
    security: [{ bearer: [] }],
    paths,
    components: { schemas, responses, securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
  };
}

function operation(name: string, route: Route, schema: (type: z.ZodType, io: "input" | "output") => Json): Json {
  const body = schema(route.body, "input");
  const hasBody = Object.keys((body.properties as Json | undefined) ?? {}).length > 0;
  const isOpen = "open" in route.permission;
  return {
    operationId: name,
    summary: route.summary,
    ...(isOpen && { security: [] }),
    "x-permission": route.permission,
    "x-audit": route.audit,
    parameters: [
      ...parameters("path", schema(route.params, "input")),
      ...parameters("query", schema(route.query, "input")),
      ...(route.idempotencyKey ? [{ ...keyParameter, schema: schema(idempotencyKey, "input") }] : []),
    ],
    ...(hasBody && { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      200: {
        description: "Done",
        content: {
          [route.stream ? "text/event-stream" : "application/json"]: { schema: schema(route.reply, "output") },
        },
      },
      ...(route.method === "GET" && !route.stream && { 304: { description: "As the asker has it, by If-None-Match" } }),
      ...Object.fromEntries(statuses(route).map((status) => [status, { $ref: `#/components/responses/${status}` }])),
    },
  };
}

const keyParameter = {
  name: IDEMPOTENCY_KEY.replace(/(^|-)[a-z]/g, (first) => first.toUpperCase()),
  in: "header",
  required: false,
  description:
    "A name of the caller's own for this one request, known for 24 hours. Sent again with it, a renewal is answered with what it came to and adds nothing; a create ends the lease that it made before and makes a new one, so that one lease is live. With another body: 422.",
};

function parameters(where: "path" | "query", schema: Json): Json[] {
  const required = (schema.required as string[] | undefined) ?? [];
  const given = (schema.properties as Record<string, Json> | undefined) ?? {};
  return Object.entries(given).map(([name, { description, ...field }]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    ...(description !== undefined && { description }),
    schema: field,
  }));
}

/**
 * The statuses that a route can fail with. What the door refuses, such as a body that is no JSON or is encoded, may have been
 * meant for any; who gives a token in the body is refused as if it stood in the header.
 */
function statuses(route: Route): number[] {
  const atTheDoor = [400, 408, 415, 500, 503];
  if (route.audit === "unaudited") return atTheDoor;
  const open = [...atTheDoor, 401, 403, 413, 422, 429];
  const { permission } = route;
  const meetsTarget = "subject" in permission && permission.subject === "dynamic-secrets" && route.method !== "GET";
  const some = "open" in permission ? open : [...open, 404];
  return (meetsTarget ? [...some, 409, 504] : some).sort((a, b) => a - b);
}

/** The JSON Schema of a type; what has an `id` is put among the document's schemas and referred to. */
function toSchema(type: z.ZodType, io: "input" | "output", schemas: Record<string, Json>): Json {
  const {
    $schema: _,
    $defs = {},
    ...schema
  } = z.toJSONSchema(type, {
    io,
    override: ({ zodSchema, jsonSchema }) => {
      // Replies may grow, and readers must let them.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.secret) {
        delete jsonSchema.secret;
        jsonSchema["x-secret"] = true;
      }
      // Not every reader of patterns knows Unicode's classes; these two are the same letters.
      if (jsonSchema.pattern)
        jsonSchema.pattern = jsonSchema.pattern.replaceAll("\\P{Cc}", "[^\\x00-\\x1f\\x7f-\\x9f]");
      // The pattern that goes with the format is a calendar, 400 characters long.
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
      const { def } = zodSchema._zod;
      if (def.type === "union" && "discriminator" in def) {
        jsonSchema.discriminator = { propertyName: def.discriminator };
      }
    },
  }) as Json & { $defs?: Record<string, Json> };
  for (const [name, definition] of Object.entries($defs)) schemas[name] = pointed(definition) as Json;
  return pointed(schema) as Json;
}

/** Points references at the document's schemas. */
function pointed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === "$ref" && typeof inner === "string"
        ? [key, inner.replace("#/$defs/", "#/components/schemas/")]
        : [key, pointed(inner)],
    ),
  );
}
