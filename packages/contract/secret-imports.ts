/**
 * Imports: a folder that also shows the secrets of another. Versions 1 and 2 of the wire differ in path only; Terraform
 * speaks the first.
 */
import { z } from "zod";
import { id, slug, time } from "./fields.ts";
import { path } from "./paths.ts";
import { route } from "./route.ts";
import { inFolder, type Where, whereOf } from "./where.ts";

/** An import as it leaves. */
export const secretImport = z
  .object({
    id: z.string(),
    /** Where it is imported into. */
    folderId: z.string(),
    /** Where the secrets come from. */
    importPath: z.string(),
    importEnv: z.object({ id: z.string(), name: z.string(), slug: z.string() }),
    /** From 1; a later one wins. */
    position: z.int(),
    version: z.int(),
    isReplication: z.boolean().default(false),
    isReplicationSuccess: z.null().default(null),
    replicationStatus: z.null().default(null),
    lastReplicated: z.null().default(null),
    isReserved: z.boolean().default(false),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "SecretImport" });

const isReplication = z
  .literal(false, "must be false: secrets are imported when they are read, and never copied")
  .nullish();
const source = { environment: slug, path: path.default("/") };
const one = z.object({ message: z.string(), secretImport });
const params = z.object({ secretImportId: id });
const inBody = ({ body }: { body: Where }) => whereOf(body);

const create = {
  method: "POST",
  summary: "Import the secrets of another folder, last in order",
  permission: { scope: "project", subject: "secret-imports", action: "create" },
  audit: "create-secret-import",
  place: inBody,
  body: inFolder({ import: z.object(source), isReplication }),
  reply: one,
} as const;

const list = {
  method: "GET",
  summary: "List the imports of a folder, in order",
  permission: { scope: "project", subject: "secret-imports", action: "read" },
  audit: "get-secret-imports",
  place: ({ query }: { query: Where }) => whereOf(query),
  query: inFolder({}),
  reply: z.object({ message: z.string(), secretImports: z.array(secretImport) }),
} as const;

const update = {
  method: "PATCH",
  summary: "Give an import another source or another position",
  permission: { scope: "project", subject: "secret-imports", action: "edit" },
  audit: "update-secret-import",
  place: inBody,
  params,
  body: inFolder({
    import: z.object({
      environment: slug.nullish(),
      path: path.nullish(),
      position: z.int().min(1, "must be 1 or more").max(1_000).nullish(),
    }),
    isReplication,
  }),
  reply: one,
} as const;

const remove = {
  method: "DELETE",
  summary: "Delete an import",
  permission: { scope: "project", subject: "secret-imports", action: "delete" },
  audit: "delete-secret-import",
  place: inBody,
  params,
  body: inFolder({}),
  reply: one,
} as const;

/** Adds an import. */
export const createSecretImport = route({ ...create, path: "/api/v2/secret-imports" });
/** Adds an import, version 1. */
export const createSecretImportV1 = route({ ...create, path: "/api/v1/secret-imports" });

/** Lists imports. */
export const listSecretImports = route({ ...list, path: "/api/v2/secret-imports" });
/** Lists imports, version 1. */
export const listSecretImportsV1 = route({ ...list, path: "/api/v1/secret-imports" });

/** Changes an import. */
export const updateSecretImport = route({ ...update, path: "/api/v2/secret-imports/:secretImportId" });
/** Changes an import, version 1. */
export const updateSecretImportV1 = route({ ...update, path: "/api/v1/secret-imports/:secretImportId" });

/** Deletes an import. */
export const deleteSecretImport = route({ ...remove, path: "/api/v2/secret-imports/:secretImportId" });
/** Deletes an import, version 1. */
export const deleteSecretImportV1 = route({ ...remove, path: "/api/v1/secret-imports/:secretImportId" });
