/** Static secrets. Reading is version 3 raw and version 4, writing is version 3 raw, as every current client does. */
import { z } from "zod";
import { flag, id, metadata, note, time, unset } from "./fields.ts";
import { route } from "./route.ts";
import { inFolder, whereOf } from "./where.ts";

/** Stands in a reply where the value was not asked for. */
export const hiddenValue = "<hidden-by-infisical>";

/** The name of a secret. Official clients put it into the URL as it is, so nothing that a URL treats otherwise. */
export const secretName = z
  .string()
  .trim()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,255}$/, 'must be 1 to 255 letters, digits, "_", "-" or "."');

const value = z
  .string()
  .max(524_288, "must be at most 512 KiB")
  // It would come back changed.
  .refine((text) => text.isWellFormed(), "must not contain half a character");
const type = unset(z.enum(["shared", "personal"]));

/** A secret as it leaves. The Python client needs nearly every field. */
export const secret = z
  .object({
    id: z.string(),
    /** The same id again: the official CLI takes it from here. */
    _id: z.string(),
    /** The project's id. */
    workspace: z.string(),
    /** The environment's slug. */
    environment: z.string(),
    version: z.int(),
    type: z.enum(["shared", "personal"]).default("shared"),
    secretKey: z.string(),
    secretValue: z.string().meta({ secret: true }),
    secretValueHidden: z.boolean(),
    secretComment: z.string().meta({ secret: true }),
    secretPath: z.string(),
    folderId: z.string(),
    createdAt: time,
    updatedAt: time,
    skipMultilineEncoding: z.boolean().nullable().default(false),
    secretMetadata: metadata.default([]),
    tags: z.array(z.object({ id: z.string(), slug: z.string(), name: z.string(), color: z.string() })).default([]),
    secretReminderNote: z.string().nullable().default(null),
    secretReminderRepeatDays: z.int().nullable().default(null),
    isRotatedSecret: z.boolean().default(false),
    metadata: z.null().default(null),
    actor: z.null().default(null),
  })
  .meta({ id: "Secret" });

const list = {
  method: "GET",
  summary: "Read the secrets of a folder",
  permission: { scope: "project", subject: "secrets", action: "read" },
  audit: "get-secrets",
  place: ({ query }: { query: z.output<typeof listQuery> }) => whereOf(query),
  reply: z.object({
    secrets: z.array(secret),
    imports: z
      .array(
        z.object({ secretPath: z.string(), environment: z.string(), folderId: z.string(), secrets: z.array(secret) }),
      )
      .default([]),
  }),
} as const;

const listQuery = inFolder({
  recursive: flag(false),
  expandSecretReferences: flag(true),
  viewSecretValue: flag(true),
});

/** Reads the secrets of a folder. */
export const listSecrets = route({ ...list, path: "/api/v4/secrets", query: listQuery });
/** Reads the secrets of a folder, version 3. */
export const listSecretsV3 = route({ ...list, path: "/api/v3/secrets/raw", query: listQuery });

const named = z.object({ secretName });
const read = { scope: "project", subject: "secrets", action: "read" } as const;

/** Reads a secret by its id alone. */
export const getSecretById = route({
  method: "GET",
  path: "/api/v3/secrets/raw/id/:secretId",
  summary: "Read a secret by id",
  permission: read,
  audit: "get-secret",
  place: ({ params }) => ({ project: { holding: "secret", id: params.secretId } }),
  params: z.object({ secretId: id }),
  query: z.object({ expandSecretReferences: flag(true), viewSecretValue: flag(true) }),
  reply: z.object({ secret }),
});

/** Reads one secret. */
export const getSecret = route({
  method: "GET",
  path: "/api/v3/secrets/raw/:secretName",
  summary: "Read a secret",
  permission: read,
  audit: "get-secret",
  place: ({ params, query }) => ({ ...whereOf(query), name: params.secretName }),
  params: named,
  query: inFolder({ type, expandSecretReferences: flag(true), viewSecretValue: flag(true) }),
  reply: z.object({ secret }),
});

/** Creates a secret, and its folder where it is missing. */
export const createSecret = route({
  method: "POST",
  path: "/api/v3/secrets/raw/:secretName",
  summary: "Create a secret",
  permission: { scope: "project", subject: "secrets", action: "create" },
  audit: "create-secret",
  place: ({ params, body }) => ({
    ...whereOf(body),
    name: params.secretName,
    metadata: body.secretMetadata ?? [],
  }),
  params: named,
  body: inFolder({
    type,
    secretValue: value.meta({ secret: true }),
    secretComment: note(4096).meta({ secret: true }),
    skipMultilineEncoding: z.boolean().nullish(),
    secretMetadata: metadata.nullish(),
  }),
  reply: z.object({ secret }),
});

/** Changes a secret; its version goes up by one. */
export const updateSecret = route({
  method: "PATCH",
  path: "/api/v3/secrets/raw/:secretName",
  summary: "Update a secret",
  permission: { scope: "project", subject: "secrets", action: "edit" },
  audit: "update-secret",
  place: ({ params, body }) => ({
    ...whereOf(body),
    name: params.secretName,
    becomes: { name: body.newSecretName, metadata: body.secretMetadata ?? undefined },
  }),
  params: named,
  body: inFolder({
    type,
    secretValue: value.nullish().meta({ secret: true }),
    newSecretName: unset(secretName),
    secretComment: z.string().max(4096, "must be at most 4096 characters").nullish().meta({ secret: true }),
    skipMultilineEncoding: z.boolean().nullish(),
    secretMetadata: metadata.nullish(),
  }),
  reply: z.object({ secret }),
});

/** Deletes a secret. */
export const deleteSecret = route({
  method: "DELETE",
  path: "/api/v3/secrets/raw/:secretName",
  summary: "Delete a secret",
  permission: { scope: "project", subject: "secrets", action: "delete" },
  audit: "delete-secret",
  place: ({ params, body }) => ({ ...whereOf(body), name: params.secretName }),
  params: named,
  body: inFolder({ type }),
  reply: z.object({ secret }),
});
