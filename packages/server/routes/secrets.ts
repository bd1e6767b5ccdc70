/** Static secrets. A value leaves only in the answer to who asked for it; what was hidden is not opened for nothing. */
import { hiddenValue } from "@dayfly/contract";
import { environments, folders, NotFound, secrets } from "@dayfly/store";
import { mayMakePath } from "../access/place.ts";
import type { Ask, Handlers, House } from "../handler.ts";
import { Refusal } from "../refusal.ts";

export const listSecrets: Handlers["listSecrets"] = async ({ input, place, may, note }, { store }) => {
  const environment = await environments.bySlug(store, place.projectId, place.environment);
  const top = await folders.at(store, environment.id, place.path);
  if (top === undefined) return { secrets: [] };
  const below = input.query.recursive ? await folders.list(store, top, true) : [];
  const found = [];
  for (const folder of [top, ...below]) {
    for (const secret of await secrets.list(store, folder.id)) {
      const { path } = folder;
      if (!may("read", "secrets", { path, name: secret.key, metadata: secret.metadata })) continue;
      found.push(shown(secret, { ...place, path }, input.query.viewSecretValue));
    }
  }
  note({ count: found.length });
  return { secrets: found };
};

export const listSecretsV3: Handlers["listSecretsV3"] = listSecrets;

export const getSecret: Handlers["getSecret"] = async ({ input, place }, { store }) => {
  const folder = await folderOf(place, store);
  const secret = await secrets.byKey(store, folder.id, input.params.secretName);
  return { secret: shown(secret, place, input.query.viewSecretValue) };
};

export const getSecretById: Handlers["getSecretById"] = async ({ input, place }, { store }) => {
  const found = await secrets.find(store, input.params.secretId);
  if (found === undefined) throw new NotFound("secret", input.params.secretId);
  const secret = await secrets.byKey(store, found.folder_id, found.key);
  return { secret: shown(secret, place, input.query.viewSecretValue) };
};

export const createSecret: Handlers["createSecret"] = async ({ input, place, may, write }) => {
  const { body, params } = input;
  refusePersonal(body.type);
  return write(async (tx) => {
    const environment = await environments.bySlug(tx, place.projectId, place.environment);
    const where = { projectId: place.projectId, environmentId: environment.id };
    const folder = mayMakePath(may, place.path)
      ? await folders.ensure(tx, where, place.path)
      : await folders.byPath(tx, environment.id, place.path);
    const secret = await secrets.create(tx, folder, params.secretName, {
      value: body.secretValue,
      comment: body.secretComment,
      skipMultilineEncoding: body.skipMultilineEncoding ?? undefined,
      metadata: body.secretMetadata ?? undefined,
    });
    return { secret: shown(secret, place, true) };
  });
};

export const updateSecret: Handlers["updateSecret"] = async ({ input, place, write, note }) => {
  const { body, params } = input;
  refusePersonal(body.type);
  note({ fields: ["secretValue", "newSecretName", "secretComment", "secretMetadata"].filter((name) => name in body) });
  return write(async (tx) => {
    const folder = await folderOf(place, tx);
    const secret = await secrets.update(tx, folder, params.secretName, {
      newKey: body.newSecretName,
      value: body.secretValue ?? undefined,
      comment: body.secretComment ?? undefined,
      skipMultilineEncoding: body.skipMultilineEncoding ?? undefined,
      metadata: body.secretMetadata ?? undefined,
    });
    return { secret: shown(secret, place, true) };
  });
};

// The official CLI says `personal` when nothing is said; there are only shared ones, so that is what it means.
export const deleteSecret: Handlers["deleteSecret"] = async ({ input, place, write }) =>
  write(async (tx) => {
    const folder = await folderOf(place, tx);
    return { secret: shown(await secrets.remove(tx, folder, input.params.secretName), place, true) };
  });

async function folderOf(place: Ask["place"], db: Pick<House["store"], "sql" | "keys">): Promise<folders.Folder> {
  const environment = await environments.bySlug(db, place.projectId, place.environment);
  return folders.byPath(db, environment.id, place.path);
}

function refusePersonal(type: "shared" | "personal" | undefined): void {
  if (type === "personal") throw new Refusal("BadRequest", "Personal secrets are not offered: send the type 'shared'");
}

function shown(secret: secrets.Secret, place: Ask["place"], withValue: boolean) {
  return {
    id: secret.id,
    _id: secret.id,
    workspace: place.projectId,
    environment: place.environment,
    version: secret.version,
    secretKey: secret.key,
    secretValue: withValue ? secret.value : hiddenValue,
    secretValueHidden: !withValue,
    secretComment: secret.comment,
    secretPath: place.path,
    folderId: secret.folder_id,
    createdAt: secret.created_at,
    updatedAt: secret.updated_at,
    skipMultilineEncoding: secret.skip_multiline_encoding,
    secretMetadata: secret.metadata,
  };
}
