/**
 * Saving dynamic secrets: parsed by their type, proven against their target, stored as an immutable version.
 *
 * An edit never changes what a lease was made with.
 */
import { randomUUID } from "node:crypto";
import {
  audit,
  type Caller,
  configVersions,
  dynamicSecrets,
  environments,
  folders,
  freezes,
  type Tx,
} from "@dayfly/store";
import type { Change, CreateOptions, Draft, DynamicSecretView, InputsShown, MayRead, Place, Removal } from "./api.ts";
import { type Config, draftConfig, loadConfig, shownInputs } from "./configs.ts";
import type { Context } from "./context.ts";
import * as deletions from "./deletions.ts";
import { changedFields, checkName, checkPasswords, checkTemplate, merged } from "./drafts.ts";
import { NotFound, RuleBroken } from "./errors.ts";
import { checkTtls } from "./limits.ts";
import { secretAt } from "./places.ts";
import { checkReadiness } from "./readiness.ts";
import { nameOf } from "./references.ts";
import { requireVerified } from "./verify.ts";
import { dynamicSecretView } from "./views.ts";

/** Who saves, and where: inputs may refer to the static secrets that it may read. */
export interface Saver {
  projectId: string;
  mayRead: MayRead;
}

/** A draft's configuration, with everything checked that needs no target. @throws InvalidInputs, RuleBroken */
export async function checked(context: Context, draft: Draft, saver: Saver): Promise<Config> {
  const config = await draftConfig(context, draft.type, draft.inputs, saver);
  checkTtls(context.settings, config.target.capabilities(config.parsed), draft.defaultTtl, draft.maxTtl);
  checkTemplate(config, draft.usernameTemplate);
  checkPasswords(config);
  checkReadiness(config);
  return config;
}

/** Makes one, and its folder where that is missing and may be made. */
export async function create(
  context: Context,
  caller: Caller,
  place: Place,
  draft: Draft,
  { shown, mayMakeFolder, mayRead = () => false }: CreateOptions,
): Promise<DynamicSecretView> {
  const name = checkName(draft.name);
  const config = await checked(context, draft, { projectId: place.projectId, mayRead });
  const environment = await environments.bySlug(context.store, place.projectId, place.environment);
  const there = await folders.at(context.store, environment.id, place.path);
  if (!there && !mayMakeFolder) throw new NotFound("folder", place.path);
  const taken = there ? await dynamicSecrets.inFolder(context.store, there.id) : [];
  // Looked at before the target is asked; the unique index decides.
  if (taken.some((other) => other.name === name)) {
    throw new RuleBroken("Provided dynamic secret already exists under the folder");
  }
  await requireVerified(context, config);
  const secret = await context.store.transaction(async (tx) => {
    const home = { projectId: place.projectId, environmentId: environment.id };
    // First of all, as a deletion and a freeze do: the project is locked before what is in it.
    const isFrozen = await freezes.holdProject(tx, place.projectId);
    const folder = await folders.ensure(tx, home, place.path);
    const row = await dynamicSecrets.insert(tx, {
      id: randomUUID(),
      project_id: place.projectId,
      environment_id: environment.id,
      folder_id: folder.id,
      name,
      type: draft.type,
      default_ttl: draft.defaultTtl.text,
      default_ttl_seconds: draft.defaultTtl.seconds,
      max_ttl: draft.maxTtl?.text ?? null,
      max_ttl_seconds: draft.maxTtl?.seconds ?? null,
      username_template: draft.usernameTemplate || null,
      metadata: draft.metadata ?? [],
      project_frozen: isFrozen,
    });
    await storeVersion(tx, row, row.config_version, config);
    await audit.append(tx, caller, {
      event: "create-dynamic-secret",
      ...at(place),
      name,
      dynamicSecretId: row.id,
      target: config.address,
      rootCredentials: shown === "root",
      ...alsoRead(config),
    });
    return row;
  });
  return dynamicSecretView(secret, shownInputs(config, shown));
}

type DynamicSecret = Awaited<ReturnType<typeof dynamicSecrets.byId>>;

function storeVersion(tx: Tx, secret: DynamicSecret, version: number, config: Config): Promise<void> {
  return configVersions.insert(tx, secret.project_id, {
    dynamic_secret_id: secret.id,
    version,
    target_key: config.targetKey,
    address: config.address,
    inputs: config.inputs,
    resolved: config.resolved,
  });
}

/** Static secrets that were read to save a configuration. */
function alsoRead({ references }: Config): { alsoRead?: string[] } {
  return references.length > 0 ? { alsoRead: references.map(({ spot }) => nameOf(spot)) } : {};
}

function at(place: Place): { projectId: string; environment: string; path: string } {
  return { projectId: place.projectId, environment: place.environment, path: place.path };
}

/** Changes one; new inputs are merged over the stored ones and proven again. */
export async function update(
  context: Context,
  caller: Caller,
  place: Place,
  name: string,
  change: Change,
  shown: InputsShown,
  mayRead: MayRead = () => false,
): Promise<DynamicSecretView> {
  const secret = await secretAt(context.store, place, name);
  const stored = await loadConfig(context, context.store, secret, secret.config_version);
  const saver = { projectId: place.projectId, mayRead };
  const config = change.inputs ? await merged(context, secret.type, stored, change.inputs, saver) : stored;
  const newName = change.newName === undefined ? undefined : checkName(change.newName);
  const defaultTtl = change.defaultTtl ?? { text: secret.default_ttl, seconds: secret.default_ttl_seconds };
  const oldMax = secret.max_ttl === null ? null : { text: secret.max_ttl, seconds: secret.max_ttl_seconds ?? 0 };
  const maxTtl = change.maxTtl === undefined ? oldMax : change.maxTtl;
  checkTtls(context.settings, config.target.capabilities(config.parsed), defaultTtl, maxTtl);
  checkTemplate(config, change.usernameTemplate ?? secret.username_template);
  checkPasswords(config);
  if (change.inputs) {
    checkReadiness(config);
    await requireVerified(context, config);
  }
  const version = change.inputs ? secret.config_version + 1 : secret.config_version;
  const updated = await context.store.transaction(async (tx) => {
    const row = await dynamicSecrets.change(tx, secret.id, secret.version, {
      config_version: version,
      default_ttl: defaultTtl.text,
      default_ttl_seconds: defaultTtl.seconds,
      max_ttl: maxTtl?.text ?? null,
      max_ttl_seconds: maxTtl?.seconds ?? null,
      ...(newName === undefined ? {} : { name: newName }),
      ...(change.usernameTemplate === undefined ? {} : { username_template: change.usernameTemplate || null }),
      ...(change.metadata === undefined ? {} : { metadata: change.metadata }),
    });
    // After the row, which only one of two edits at once gets past.
    if (change.inputs) {
      await storeVersion(tx, secret, version, config);
      await context.breaker.proven(tx, config, stored);
    }
    await audit.append(tx, caller, {
      event: "update-dynamic-secret",
      ...at(place),
      name: row.name,
      dynamicSecretId: row.id,
      target: config.address,
      fields: changedFields(change),
      rootCredentials: shown === "root",
      ...(change.inputs ? alsoRead(config) : {}),
    });
    return row;
  });
  if (change.inputs) context.wake(0);
  return dynamicSecretView(updated, shownInputs(config, shown));
}

/** Hides one at once and makes all its leases due; the rows stay as their history. */
export async function remove(
  context: Context,
  caller: Caller,
  place: Place,
  name: string,
  isForced: boolean,
): Promise<DynamicSecretView & Removal> {
  const secret = await secretAt(context.store, place, name);
  const record = (tx: Tx, ended: number): Promise<void> =>
    audit.append(tx, caller, {
      event: "delete-dynamic-secret",
      ...at(place),
      name: secret.name,
      dynamicSecretId: secret.id,
      count: ended,
      ...(isForced ? { forced: true } : {}),
    });
  const removal = await deletions.remove(context, caller, { dynamicSecret: secret.id }, { isForced, record });
  return { ...dynamicSecretView(secret), ...removal };
}

/** One, with as much of its inputs as was decided. */
export async function get(
  context: Context,
  place: Place,
  name: string,
  shown: InputsShown,
): Promise<DynamicSecretView> {
  const secret = await secretAt(context.store, place, name);
  if (shown === "none") return dynamicSecretView(secret);
  const config = await loadConfig(context, context.store, secret, secret.config_version);
  // Advice is for who may see the configuration.
  return dynamicSecretView(secret, shownInputs(config, shown), { details: config.advice });
}

/** The live ones of a folder; an unknown folder is empty, an unknown environment is not found. */
export async function list(context: Context, place: Place): Promise<DynamicSecretView[]> {
  const environment = await environments.bySlug(context.store, place.projectId, place.environment);
  const folder = await folders.at(context.store, environment.id, place.path);
  if (!folder) return [];
  return (await dynamicSecrets.inFolder(context.store, folder.id)).map((row) => dynamicSecretView(row));
}
