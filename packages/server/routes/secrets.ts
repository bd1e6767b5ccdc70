/** Static secrets. A value leaves only in the answer to who asked for it; what was hidden is not opened for nothing. */
import { environments, folders, NotFound, secrets, secretVersions } from "@dayfly/store";
import type { Ask, Handlers, House } from "../handler.ts";
import { folderOf } from "../secrets/home.ts";
import { importedInto } from "../secrets/imports.ts";
import { Reader } from "../secrets/reader.ts";
import { asItWas, overridden, type Readable, shown } from "../secrets/shown.ts";

export * from "./secret-writes.ts";

export const listSecrets: Handlers["listSecrets"] = async (ask, { store }) => {
  const { place, note } = ask;
  const { query } = ask.input;
  const top = await folders.atPlace(store, place);
  if (top === undefined) {
    // Of an environment that is not there, that is said.
    await environments.bySlug(store, place.projectId, place.environment);
    return { secrets: [] };
  }
  const reader = new Reader(store, ask);
  const below = query.recursive ? await folders.list(store, top, true) : [];
  const all = await secrets.inFolders(
    store,
    [top, ...below].map(({ id }) => id),
  );
  const own = all.filter(reader.mayReadOne).filter(taggedBy(query.tagSlugs));
  const withImports = query.includeImports || query.include_imports;
  const imports = withImports ? await importedInto(store, top.id, reader) : [];
  const lists = [own];
  for (const entry of imports) {
    reader.noteRead(`${entry.environment}:${entry.path}`);
    lists.push(entry.secrets.filter(taggedBy(query.tagSlugs)));
  }
  // All in one go: what references may bring in is one measure for the whole answer.
  const presented = await reader.present(await reader.open(lists.flat(), query), query);
  note({ count: presented.length });
  const [first, ...others] = lists.map(({ length }) => presented.splice(0, length));
  return {
    secrets: first!,
    imports: imports.map(({ environment, path, folderId }, index) => ({
      environment,
      secretPath: path,
      folderId,
      secrets: others[index]!,
    })),
  };
};

export const listSecretsV3: Handlers["listSecretsV3"] = listSecrets;

export const getSecret: Handlers["getSecret"] = async (ask, { store }) => {
  const { input, place } = ask;
  const { query, params } = input;
  const reader = new Reader(store, ask);
  const row =
    (await secrets.at(store, place.projectId, { ...place, key: params.secretName })) ??
    (await imported(ask, reader, store, params.secretName));
  const secret = await chosen(reader, store, row, query);
  if (query.version !== undefined && query.version !== secret.version) {
    throw new NotFound(`version ${query.version} of the secret`, params.secretName);
  }
  const [only] = await reader.present([secret], query);
  return { secret: only! };
};

export const getSecretV4: Handlers["getSecretV4"] = getSecret;

export const getSecretById: Handlers["getSecretById"] = async (ask, { store }) => {
  const { query, params } = ask.input;
  const row = await secrets.find(store, params.secretId);
  if (row === undefined) throw new NotFound("secret", params.secretId);
  const reader = new Reader(store, ask);
  const [only] = await reader.present(await reader.open([row], query), query);
  return { secret: only! };
};

export const listSecretVersions: Handlers["listSecretVersions"] = async ({ input, note }, { store }) => {
  const { limit, offset, viewSecretValue: withValue } = input.query;
  const row = await secrets.find(store, input.params.secretId);
  if (row === undefined) throw new NotFound("secret", input.params.secretId);
  const now = await secrets.open(store, row, withValue && offset === 0);
  // What it is now is the first of them, and lies elsewhere.
  const page = { limit: offset === 0 ? limit - 1 : limit, offset: Math.max(0, offset - 1), withValue };
  const past = await secretVersions.list(store, row, page);
  const all: Readable[] = [
    ...(offset === 0 ? [{ ...now, type: "shared" } as const] : []),
    ...past.map((was) => asItWas(now, was)),
  ];
  note({ count: all.length });
  return {
    secretVersions: all.map((version) => ({
      ...shown(version, withValue),
      id: `${row.id}:${version.version}`,
      _id: `${row.id}:${version.version}`,
      secretId: row.id,
    })),
  };
};

type Query = Parameters<Handlers["getSecret"]>[0]["input"]["query"];

/** The secret, the version or the caller's own value that was asked for. */
async function chosen(
  reader: Reader,
  store: House["store"],
  row: secrets.SealedSecret,
  query: Query,
): Promise<Readable> {
  if (query.type === "personal") {
    const own = (await reader.overrides([row], query.viewSecretValue)).get(row.id);
    if (own === undefined) throw new NotFound("personal override of", row.key);
    return overridden(await secrets.open(store, row, false), own);
  }
  if (query.version !== undefined && query.version !== row.version) {
    const was = await secretVersions.find(store, row, query.version, query.viewSecretValue);
    if (was !== undefined) return asItWas(await secrets.open(store, row, false), was);
  }
  // Versions are counted of the shared secret: one that is named is never the caller's own.
  const includePersonalOverrides = query.includePersonalOverrides && query.version === undefined;
  const [only] = await reader.open([row], { ...query, includePersonalOverrides });
  return only!;
}

/** Not in the folder itself: the last of its imports that has one, where imports were asked for. @throws NotFound */
async function imported(
  { place, input }: Pick<Ask, "place"> & { input: { query: Query } },
  reader: Reader,
  store: House["store"],
  key: string,
): Promise<secrets.SealedSecret> {
  const folder = await folderOf(store, place);
  const { includeImports, include_imports } = input.query;
  const entries = includeImports || include_imports ? await importedInto(store, folder.id, reader, key) : [];
  const found = entries.flatMap((entry) => entry.secrets).at(-1);
  if (found === undefined) throw new NotFound("secret", key);
  reader.noteRead(`${found.environment}:${found.path}:${key}`);
  return found;
}

function taggedBy(slugs: string[] | undefined): (secret: secrets.SealedSecret) => boolean {
  if (slugs === undefined) return () => true;
  return ({ tags }) => tags.some(({ slug }) => slugs.includes(slug));
}
