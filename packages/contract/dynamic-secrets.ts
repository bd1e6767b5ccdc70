/** Dynamic secrets: a configured target plus its TTLs. What a target's `inputs` must be is the target's matter. */
import { z } from "zod";
import { flag, freeObject, metadata, newSlug, slug, time, unset } from "./fields.ts";
import { isForced, leftBehind } from "./removal.ts";
import { route } from "./route.ts";
import { changedTtl, optionalTtl, type Ttl, ttl } from "./ttl.ts";
import { inFolder, whereOf } from "./where.ts";

/** A dynamic secret as it leaves. `inputs` is there only in answers about one, and as far as the caller may see it. */
export const dynamicSecret = z
  .object({
    id: z.string(),
    name: z.string(),
    version: z.int(),
    type: z.string(),
    defaultTTL: z.string(),
    maxTTL: z.string().nullable(),
    folderId: z.string(),
    status: z.string().nullable(),
    statusDetails: z.string().nullable(),
    usernameTemplate: z.string().nullable(),
    metadata: metadata.default([]),
    frozen: z.enum(["dynamic-secret", "project"]).nullable().default(null).meta({
      description: "Whether new leases of it are stopped, and by a freeze of what. Ours.",
    }),
    gatewayId: z.string().nullable().default(null),
    gatewayV2Id: z.string().nullable().default(null),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "DynamicSecret" });

const detailed = z.object({
  dynamicSecret: dynamicSecret.extend({
    inputs: z.record(z.string(), z.unknown()).optional().meta({ secret: true }),
  }),
});

/** The name of a dynamic secret that may be there, in the one case that names are compared in. */
export const dynamicSecretName = slug.toLowerCase();

const newName = newSlug.refine((name) => name !== "leases", 'must not be "leases", which is a path of the API');
const usernameTemplate = z.string().max(255, "must be at most 255 characters");
const inputs = freeObject.meta({ secret: true });
const named = z.object({ name: dynamicSecretName });
// Official clients never say this and cannot do without; ours always say false.
const rootCredentials = z.object({ rootCredentials: flag(true) });

function defaultWithinMax({ defaultTTL, maxTTL }: { defaultTTL?: Ttl | undefined; maxTTL?: Ttl | null | undefined }) {
  return !defaultTTL || !maxTTL || defaultTTL.seconds <= maxTTL.seconds;
}

// Who leases sees what there is to lease, and what is leased.
const seen = {
  scope: "project",
  subject: "dynamic-secrets",
  action: ["read-root-credential", "lease-create", "lease-read"],
} as const;

const draft = {
  name: newName,
  provider: z.object({ type: slug, inputs }),
  defaultTTL: ttl,
  maxTTL: optionalTtl,
  usernameTemplate: unset(usernameTemplate),
  metadata: unset(metadata),
};
const ttlsFit = { path: ["defaultTTL"], message: "must not be longer than maxTTL" };
const creates = { scope: "project", subject: "dynamic-secrets", action: "create-root-credential" } as const;

/** Creates a dynamic secret: the inputs are checked, then tried on the target itself. */
export const createDynamicSecret = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets",
  summary: "Create a dynamic secret",
  permission: creates,
  audit: "create-dynamic-secret",
  place: ({ body }) => ({ ...whereOf(body), name: body.name, metadata: body.metadata ?? [] }),
  query: rootCredentials,
  body: inFolder(draft).refine(defaultWithinMax, ttlsFit),
  reply: detailed,
});

/** Proves what is not saved against its target, step by step. Nothing is stored, and nothing lasts there. Ours. */
export const verifyDynamicSecret = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/verify",
  summary: "Check a dynamic secret against its target before it is saved",
  permission: creates,
  audit: "verify-dynamic-secret",
  place: ({ body }) => ({ ...whereOf(body), name: body.name, metadata: body.metadata ?? [] }),
  body: inFolder(draft).refine(defaultWithinMax, ttlsFit),
  reply: z.object({
    steps: z.array(
      z.object({
        step: z.string(),
        /** A warning passes, and what could not be told does not fail. */
        passed: z.boolean(),
        outcome: z.enum(["passed", "failed", "warned", "unknown"]),
        durationMs: z.int(),
        message: z.string().nullable(),
        fix: z.string().nullable().meta({ description: "What to run in the target as an administrator." }),
      }),
    ),
  }),
});

/** Shows what an unsaved dynamic secret would run for a sample account. No target is asked. Ours. */
export const previewDynamicSecret = route({
  method: "POST",
  path: "/api/v1/dynamic-secrets/preview",
  summary: "Show the statements of a dynamic secret for a sample account",
  permission: creates,
  audit: "preview-dynamic-secret",
  place: ({ body }) => ({ ...whereOf(body), name: body.name, metadata: body.metadata ?? [] }),
  body: inFolder(draft),
  reply: z.object({
    username: z.string(),
    statements: z.array(z.object({ field: z.string(), title: z.string(), text: z.string().nullable() })),
    findings: z.array(
      z.object({
        severity: z.enum(["error", "warning"]),
        path: z.array(z.union([z.string(), z.int()])),
        message: z.string(),
      }),
    ),
  }),
});

/** Lists the dynamic secrets of a folder, without inputs. */
export const listDynamicSecrets = route({
  method: "GET",
  path: "/api/v1/dynamic-secrets",
  summary: "List the dynamic secrets of a folder",
  permission: seen,
  audit: "list-dynamic-secrets",
  place: ({ query }) => whereOf(query),
  query: inFolder({}),
  reply: z.object({ dynamicSecrets: z.array(dynamicSecret) }),
});

/** Reads a dynamic secret. */
export const getDynamicSecret = route({
  method: "GET",
  path: "/api/v1/dynamic-secrets/:name",
  summary: "Get a dynamic secret",
  permission: seen,
  audit: "get-dynamic-secret",
  place: ({ params, query }) => ({ ...whereOf(query), name: params.name }),
  params: named,
  query: inFolder(rootCredentials.shape),
  reply: detailed,
});

/** Changes a dynamic secret. Leases that are there keep what they were made with. */
export const updateDynamicSecret = route({
  method: "PATCH",
  path: "/api/v1/dynamic-secrets/:name",
  summary: "Update a dynamic secret",
  permission: { scope: "project", subject: "dynamic-secrets", action: "edit-root-credential" },
  audit: "update-dynamic-secret",
  place: ({ params, body }) => ({
    ...whereOf(body),
    name: params.name,
    becomes: { name: body.data.newName, metadata: body.data.metadata },
  }),
  params: named,
  query: rootCredentials,
  body: inFolder({
    data: z
      .object({
        newName: unset(newName),
        /** Laid over the stored ones, field by field. */
        inputs: unset(inputs),
        defaultTTL: unset(ttl),
        /** Absent keeps it; null and "" take it away. */
        maxTTL: changedTtl,
        /** Absent keeps it; null and "" take it away. */
        usernameTemplate: usernameTemplate.nullish().transform((text) => (text === "" ? null : text)),
        metadata: unset(metadata),
      })
      .refine(defaultWithinMax, ttlsFit),
  }),
  reply: detailed,
});

/** Deletes a dynamic secret once its leases are revoked; the answer comes at once, by force within seconds. */
export const deleteDynamicSecret = route({
  method: "DELETE",
  path: "/api/v1/dynamic-secrets/:name",
  summary: "Delete a dynamic secret",
  permission: { scope: "project", subject: "dynamic-secrets", action: "delete-root-credential" },
  audit: "delete-dynamic-secret",
  place: ({ params, body }) => ({ ...whereOf(body), name: params.name }),
  params: named,
  body: inFolder({ isForced }),
  reply: z.object({ dynamicSecret, ...leftBehind }),
});
