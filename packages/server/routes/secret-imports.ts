/** Imports of folders into folders. Both versions of the wire have the same handlers. */
import { environments, folders, secretImports, type Tx } from "@dayfly/store";
import type { Ask, Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";
import { folderFor, folderOf } from "../secrets/home.ts";

/** So many in one folder. */
const MOST = 100;

export const createSecretImport: Handlers["createSecretImport"] = async (ask) => {
  const { environment, path } = ask.input.body.import;
  return ask.write(async (tx) => {
    const source = await sourceOf(tx, ask, { environment, path });
    const folder = await folderFor(tx, ask);
    if ((await secretImports.inFolders(tx, [folder.id])).length >= MOST) {
      throw new Refusal("BadRequest", `A folder has at most ${MOST} imports`);
    }
    const made = await secretImports.create(tx, folder, source);
    ask.note({ subjectId: made.id });
    return { message: "The import was made", secretImport: shown(made) };
  });
};

export const listSecretImports: Handlers["listSecretImports"] = async ({ place, note }, { store }) => {
  const folder = await folders.atPlace(store, place);
  if (folder === undefined) await environments.bySlug(store, place.projectId, place.environment);
  const found = folder === undefined ? [] : await secretImports.inFolders(store, [folder.id]);
  note({ count: found.length });
  return { message: "The imports of the folder, in order", secretImports: found.map(shown) };
};

export const updateSecretImport: Handlers["updateSecretImport"] = async (ask) => {
  const { secretImportId } = ask.input.params;
  const { environment, path, position } = ask.input.body.import;
  ask.note({ subjectId: secretImportId });
  return ask.write(async (tx) => {
    const folder = await folderOf(tx, ask.place);
    const now = await secretImports.byId(tx, folder.id, secretImportId);
    const where = { environment: environment ?? now.source_slug, path: path ?? now.source_path };
    const source = await sourceOf(tx, ask, where);
    const changed = await secretImports.update(tx, folder, now.id, { source, position: position ?? undefined });
    return { message: "The import was changed", secretImport: shown(changed) };
  });
};

export const deleteSecretImport: Handlers["deleteSecretImport"] = async (ask) => {
  const { secretImportId } = ask.input.params;
  ask.note({ subjectId: secretImportId });
  return ask.write(async (tx) => {
    const folder = await folderOf(tx, ask.place);
    const removed = await secretImports.remove(tx, folder, secretImportId);
    ask.note({ name: nameOf({ environment: removed.source_slug, path: removed.source_path }) });
    return { message: "The import was deleted", secretImport: shown(removed) };
  });
};

export const createSecretImportV1: Handlers["createSecretImportV1"] = createSecretImport;
export const listSecretImportsV1: Handlers["listSecretImportsV1"] = listSecretImports;
export const updateSecretImportV1: Handlers["updateSecretImportV1"] = updateSecretImport;
export const deleteSecretImportV1: Handlers["deleteSecretImportV1"] = deleteSecretImport;

function nameOf({ environment, path }: { environment: string; path: string }): string {
  return `${environment}:${path}`;
}

/**
 * Where the secrets are to come from. Whoever reads them needs the right to themselves; who offers them must have it, too.
 * @throws Refusal, NotFound
 */
async function sourceOf(
  tx: Tx,
  { place, may, note }: Pick<Ask, "place" | "may" | "note">,
  source: { environment: string; path: string },
): Promise<secretImports.Source> {
  note({ name: nameOf(source) });
  if (!may("read", "secrets", { ...source, name: undefined })) {
    throw new Refusal("PermissionDenied", "You are not allowed to read secrets where they would be imported from", {
      details: [{ action: "read", subject: "secrets" }],
    });
  }
  if (source.environment === place.environment && source.path === place.path) {
    throw new Refusal("BadRequest", "A folder does not import itself");
  }
  const environment = await environments.bySlug(tx, place.projectId, source.environment);
  return { environmentId: environment.id, path: source.path };
}

function shown(row: secretImports.SecretImport) {
  return {
    id: row.id,
    folderId: row.folder_id,
    importPath: row.source_path,
    importEnv: { id: row.source_environment_id, name: row.source_name, slug: row.source_slug },
    position: row.position,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
