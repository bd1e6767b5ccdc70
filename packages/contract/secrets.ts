/** Static secrets. Reading is version 3 raw and version 4, writing is version 3 raw, as every current client does. */
import { z } from "zod";
import { flag, id, metadata, note, slug, text, time, unset } from "./fields.ts";
import { type Place, route } from "./route.ts";
import { inFolder, type Where, whereOf } from "./where.ts";

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
const type = unset(z.enum(["shared", "personal"])).meta({
  description: "Default: shared. A personal one is the caller's own value in the place of the shared one.",
});

/** Tags of the project by their ids; all that the secret shall have. */
const tagIds = z.array(id).max(64, "must be at most 64 tags").nullish();
const reminderDays = z.int("must be a whole number of days").min(0).max(3650, "must be at most 3650 days").nullish();

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
    /** In order: a later one wins over an earlier one, and `secrets` over them all. */
    imports: z
      .array(
        z.object({ secretPath: z.string(), environment: z.string(), folderId: z.string(), secrets: z.array(secret) }),
      )
      .default([]),
  }),
} as const;

/** Both spellings, since each client has its own; either one switches it on. */
const imports = {
  includeImports: flag(false),
  include_imports: flag(false).meta({ description: "Another name of includeImports." }),
};

const listQuery = inFolder({
  ...imports,
  recursive: flag(false),
  expandSecretReferences: flag(true),
  viewSecretValue: flag(true),
  includePersonalOverrides: flag(false),
  tagSlugs: unset(
    z
      .string()
      .max(1024)
      .transform((text) => text.split(","))
      .pipe(z.array(slug)),
  ).meta({
    description: "With commas between; only secrets that have one of these tags.",
  }),
});

/** Reads the secrets of a folder. */
export const listSecrets = route({ ...list, path: "/api/v4/secrets", query: listQuery });
/** Reads the secrets of a folder, version 3. */
export const listSecretsV3 = route({ ...list, path: "/api/v3/secrets/raw", query: listQuery });

const named = z.object({ secretName });
const read = { scope: "project", subject: "secrets", action: "read" } as const;

/** Reads a secret by its id alone. References stay as written unless asked for: Terraform compares with what it wrote. */
export const getSecretById = route({
  method: "GET",
  path: "/api/v3/secrets/raw/id/:secretId",
  summary: "Read a secret by id",
  permission: read,
  audit: "get-secret",
  place: ({ params }) => ({ project: { holding: "secret", id: params.secretId } }),
  params: z.object({ secretId: id }),
  query: z.object({ expandSecretReferences: flag(false), viewSecretValue: flag(true) }),
  reply: z.object({ secret }),
});

const get = {
  method: "GET",
  summary: "Read a secret",
  permission: read,
  audit: "get-secret",
  place: ({ params, query }: { params: { secretName: string }; query: Where }): Place => ({
    ...whereOf(query),
    name: params.secretName,
  }),
  params: named,
  query: inFolder({
    ...imports,
    type,
    version: unset(z.coerce.number().int().min(1)).meta({
      description: "A version that was. Default: what it is now.",
    }),
    expandSecretReferences: flag(true),
    viewSecretValue: flag(true),
    includePersonalOverrides: flag(false),
  }),
  reply: z.object({ secret }),
} as const;

/** Reads one secret. */
export const getSecret = route({ ...get, path: "/api/v3/secrets/raw/:secretName" });
/** Reads one secret, version 4. */
export const getSecretV4 = route({ ...get, path: "/api/v4/secrets/:secretName" });

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
    // A personal one stands for a secret that is there already.
    metadata: body.type === "personal" ? undefined : (body.secretMetadata ?? []),
  }),
  params: named,
  body: inFolder({
    type,
    secretValue: value.meta({ secret: true }),
    secretComment: note(4096).meta({ secret: true }),
    skipMultilineEncoding: z.boolean().nullish(),
    secretMetadata: metadata.nullish(),
    tagIds,
    secretReminderNote: note().meta({ description: '"" is none.' }),
    secretReminderRepeatDays: reminderDays.meta({ description: "0 is none." }),
  }),
  reply: z.object({ secret }),
});

/** Changes a secret; its version goes up by one, and the one before is kept. */
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
    secretComment: text(4096).nullish().meta({ secret: true }),
    skipMultilineEncoding: z.boolean().nullish(),
    secretMetadata: metadata.nullish(),
    tagIds,
    secretReminderNote: text(1024).nullish().meta({ description: '"" is none.' }),
    secretReminderRepeatDays: reminderDays.meta({ description: "0 is none." }),
  }),
  reply: z.object({ secret }),
});

/** Deletes a secret, with its versions and everybody's personal overrides; of type personal, the caller's own alone. */
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

/** Reads what a secret is and was, newest first. */
export const listSecretVersions = route({
  method: "GET",
  path: "/api/v1/secret/:secretId/secret-versions",
  summary: "List the versions of a secret",
  permission: read,
  audit: "get-secret-versions",
  place: ({ params }) => ({ project: { holding: "secret", id: params.secretId } }),
  params: z.object({ secretId: id }),
  query: z.object({
    limit: z.coerce.number().int().min(1).max(100).default(20),
    offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
    viewSecretValue: flag(true),
  }),
  reply: z.object({ secretVersions: z.array(secret.extend({ secretId: z.string() })) }),
});
