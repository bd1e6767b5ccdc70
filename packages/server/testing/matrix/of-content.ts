/** What a project is for: folders, static secrets and imports. */
import type { Entries, Entry } from "./entry.ts";
import { type Ground, type Lab, newName, type Thing } from "./lab.ts";

const raw = "/api/v3/secrets/raw";

async function folder({ done }: Lab, { loc, mark }: Ground): Promise<Thing> {
  const name = newName();
  return { id: (await done("POST", "/api/v1/folders", { ...loc, name, description: mark })).folder.id, name };
}

async function secret({ done }: Lab, { loc, mark }: Ground): Promise<Thing> {
  const name = newName();
  return { id: (await done("POST", `${raw}/${name}`, { ...loc, secretValue: `value-${mark}` })).secret.id, name };
}

async function secretImport({ done }: Lab, { loc }: Ground): Promise<Thing> {
  const name = newName();
  const body = { ...loc, import: { environment: "dev", path: `/${name}` } };
  return { id: (await done("POST", "/api/v2/secret-imports", body)).secretImport.id, name };
}

const readsSource = { action: "read", subject: "secrets", where: "anywhere" } as const;

function inVersion(version: 1 | 2) {
  const folders = `/api/v${version}/folders`;
  const imports = `/api/v${version}/secret-imports`;
  return {
    listFolders: { ask: ({ query }) => ({ path: `${folders}?${query}` }) },
    createFolder: { ask: ({ loc }, { name }) => ({ path: folders, body: { ...loc, name } }) },
    getFolder: { make: folder, ask: (_at, { id }) => ({ path: `${folders}/${id}` }) },
    updateFolder: {
      make: folder,
      ask: ({ loc }, { id, name }) => ({ path: `${folders}/${id}`, body: { ...loc, name, description: "changed" } }),
    },
    deleteFolder: { make: folder, spends: true, ask: ({ loc }, { id }) => ({ path: `${folders}/${id}`, body: loc }) },
    createImport: {
      also: readsSource,
      ask: ({ loc }, { name }) => ({
        path: imports,
        body: { ...loc, import: { environment: "dev", path: `/${name}` } },
      }),
    },
    listImports: { ask: ({ query }) => ({ path: `${imports}?${query}` }) },
    updateImport: {
      make: secretImport,
      also: readsSource,
      ask: ({ loc }, { id }) => ({ path: `${imports}/${id}`, body: { ...loc, import: { position: 1 } } }),
    },
    deleteImport: {
      make: secretImport,
      spends: true,
      ask: ({ loc }, { id }) => ({ path: `${imports}/${id}`, body: loc }),
    },
  } as const satisfies Record<string, Entry>;
}
const v1 = inVersion(1);
const v2 = inVersion(2);

export const ofContent = {
  listFolders: v1.listFolders,
  createFolder: v1.createFolder,
  getFolder: v1.getFolder,
  updateFolder: v1.updateFolder,
  deleteFolder: v1.deleteFolder,
  listFoldersV2: v2.listFolders,
  createFolderV2: v2.createFolder,
  getFolderV2: v2.getFolder,
  updateFolderV2: v2.updateFolder,
  deleteFolderV2: v2.deleteFolder,
  createSecret: {
    ask: ({ loc }, { name }) => ({ path: `${raw}/${name}`, body: { ...loc, secretValue: "made" } }),
  },
  listSecrets: { ask: ({ query }) => ({ path: `/api/v4/secrets?${query}` }) },
  listSecretsV3: { ask: ({ query }) => ({ path: `${raw}?${query}` }) },
  getSecretById: { make: secret, ask: (_at, { id }) => ({ path: `${raw}/id/${id}` }) },
  getSecret: { make: secret, ask: ({ query }, { name }) => ({ path: `${raw}/${name}?${query}` }) },
  getSecretV4: { make: secret, ask: ({ query }, { name }) => ({ path: `/api/v4/secrets/${name}?${query}` }) },
  listSecretVersions: { make: secret, ask: (_at, { id }) => ({ path: `/api/v1/secret/${id}/secret-versions` }) },
  // Without a value: whoever may edit and not read must not get it back.
  updateSecret: {
    make: secret,
    ask: ({ loc }, { name }) => ({ path: `${raw}/${name}`, body: { ...loc, secretComment: "changed" } }),
  },
  deleteSecret: { make: secret, spends: true, ask: ({ loc }, { name }) => ({ path: `${raw}/${name}`, body: loc }) },
  createSecretImport: v2.createImport,
  listSecretImports: v2.listImports,
  updateSecretImport: v2.updateImport,
  deleteSecretImport: v2.deleteImport,
  createSecretImportV1: v1.createImport,
  listSecretImportsV1: v1.listImports,
  updateSecretImportV1: v1.updateImport,
  deleteSecretImportV1: v1.deleteImport,
} as const satisfies Entries;
