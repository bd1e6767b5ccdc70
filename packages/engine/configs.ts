/**
 * A dynamic secret's configuration, ready for use: inputs opened, parsed by its type, its statements functions.
 *
 * Stored is what was typed; it is parsed again at each load, so a stricter parser is met here and not at the target.
 */
import { createHash, createHmac } from "node:crypto";
import { configVersions, type Db, type dynamicSecrets, type leases, type Store } from "@dayfly/store";
import { type AnyTarget, secretFields } from "@dayfly/targets";
import type { InputsShown, MayRead } from "./api.ts";
import type { Endpoint } from "./connections.ts";
import { InvalidInputs, RuleBroken } from "./errors.ts";
import {
  brokenReference,
  type InputReference,
  inputReferences,
  readInputReferences,
  readSavedReferences,
} from "./input-references.ts";

/** A parsed configuration of a target. */
export interface Config {
  target: AnyTarget;
  /** As typed, as far as the type knows them. */
  inputs: Record<string, unknown>;
  /** Which of them refer to static secrets, and what these held when they were read. */
  references: InputReference[];
  resolved: Record<string, string>;
  /** What is wrong where a secret that is referred to has gone: what it held last ends accounts and makes none. */
  broken: RuleBroken | null;
  /** `performance.now()` when they were read. */
  readAt: number;
  /** As the target's verbs take it. */
  parsed: unknown;
  /** Host and port, for people. */
  address: string;
  /** Digest of type and address: who shares slots. */
  targetKey: Buffer;
  /** The admin's name there. */
  account: string;
  /** Keyed digest of the admin's name and secrets there: whose login it is, without telling it. */
  credential: Buffer;
  /** What an operator should mend in it; null when nothing came up. */
  advice: string | null;
}

type DynamicSecret = Awaited<ReturnType<typeof dynamicSecrets.byId>>;

/** What a configuration is read with. */
interface Ground {
  targets: Record<string, AnyTarget>;
  store: Store;
}

/** Configurations that are ready for use, by dynamic secret and version. */
interface Kept {
  configs: Map<string, Config>;
}

/** The type of that name. @throws InvalidInputs */
export function targetOf({ targets }: Pick<Ground, "targets">, type: string): AnyTarget {
  const target = Object.hasOwn(targets, type) ? targets[type] : undefined;
  if (target) return target;
  const known = Object.keys(targets).sort().join(", ");
  throw new InvalidInputs([
    { path: ["provider", "type"], message: `the type '${type}' is not known; known are ${known}` },
  ]);
}

/**
 * A configuration that somebody saves, who must be allowed to read the static secrets that its inputs refer to.
 * @throws InvalidInputs for fields, RuleBroken for a fault in a statement
 */
export async function draftConfig(
  ground: Ground,
  type: string,
  inputs: Record<string, unknown>,
  { projectId, mayRead }: { projectId: string; mayRead: MayRead },
): Promise<Config> {
  const references = inputReferences(targetOf(ground, type), inputs);
  const resolved = await readSavedReferences(ground.store, projectId, references, mayRead);
  return parseConfig(ground, type, inputs, { references, resolved });
}

/** Parses inputs by their type. @throws InvalidInputs for fields, RuleBroken for a fault in a statement */
function parseConfig(
  ground: Ground,
  type: string,
  inputs: Record<string, unknown>,
  { references, resolved }: Pick<Config, "references" | "resolved">,
): Config {
  const target = targetOf(ground, type);
  const filled: Record<string, unknown> = { ...inputs, ...resolved };
  const result = target.config.safeParse(filled);
  if (!result.success) {
    const faults = result.error.issues as { path: PropertyKey[]; message: string; params?: { fault?: string } }[];
    // A statement at fault, or something that this type does not support: the wire answers these as broken rules.
    const rule = faults.find((issue) => issue.params?.fault !== undefined);
    if (rule) throw new RuleBroken(`${rule.path.join(".")}: ${rule.message}`);
    throw new InvalidInputs(
      faults.map((issue) => ({ path: ["provider", "inputs", ...issue.path.map(String)], message: issue.message })),
    );
  }
  const address: string = target.address(result.data);
  const targetKey = createHash("sha256").update(`${type}\0${address}`).digest();
  // A misspelt password would be no secret field to anybody: what the type does not know is not kept.
  const known = Object.fromEntries(Object.entries(inputs).filter(([name]) => Object.hasOwn(result.data, name)));
  const account: string = target.account(result.data);
  const secrets = secretFields(target).map((field) => (field in known ? (filled[field] ?? null) : null));
  const credential = createHmac("sha256", ground.store.keys.derive("admin logins"))
    .update(JSON.stringify([type, address, account, secrets]))
    .digest();
  const read = { references, resolved, broken: null, readAt: performance.now() };
  return { target, inputs: known, parsed: result.data, address, targetKey, account, credential, advice: null, ...read };
}

/** The inputs as an answer may carry them. */
export function shownInputs(config: Config, shown: InputsShown): Record<string, unknown> | undefined {
  if (shown === "none") return undefined;
  if (shown === "root") return config.inputs;
  const secret = secretFields(config.target);
  return Object.fromEntries(Object.entries(config.inputs).filter(([name]) => !secret.includes(name)));
}

/** How connections of a stored version are shared; a new password behind a reference meets no old connection. */
export function endpointOf(config: Config, dynamicSecretId: string, version: number): Endpoint {
  const login = config.references.length > 0 ? `:${config.credential.toString("hex")}` : "";
  return { key: `${dynamicSecretId}:${version}${login}`, target: config.target, config: config.parsed };
}

/** So many are kept ready. */
const MOST_KEPT = 1_000;
/** What static secrets held is believed for so long: a change of one is met by then, on every node. */
const REFERENCES_MS = 2_000;

/** As `loadConfig`, kept ready: versions are never changed. What an operator was advised since may be missing in it. */
export async function readyConfig(context: Ground & Kept, secret: DynamicSecret, version: number): Promise<Config> {
  const { configs } = context;
  const key = `${secret.id}:${version}`;
  const known = configs.get(key);
  if (known && (known.references.length === 0 || performance.now() - known.readAt < REFERENCES_MS)) return known;
  const config = await loadConfig(context, context.store, secret, version);
  if (configs.size >= MOST_KEPT) configs.delete(configs.keys().next().value!);
  configs.set(key, config);
  return config;
}

/** The configuration of one version of a dynamic secret. */
export async function loadConfig(context: Ground, db: Db, secret: DynamicSecret, version: number): Promise<Config> {
  const stored = await configVersions.read(db, secret.project_id, secret.id, version);
  const references = inputReferences(targetOf(context, secret.type), stored.inputs);
  const read = await readInputReferences(db, secret.project_id, references);
  const resolved = { ...stored.resolved, ...read };
  const lost = brokenReference(references, resolved);
  if (lost) throw lost;
  const config = parseConfig(context, secret.type, stored.inputs, { references, resolved });
  if (references.some(({ field }) => resolved[field] !== stored.resolved[field])) {
    await configVersions.keepResolved(db, secret.project_id, secret.id, version, resolved);
  }
  // As stored: the sweeper looks for due leases under these keys, however addresses are written today.
  const broken = brokenReference(references, read);
  return { ...config, broken, address: stored.address, targetKey: stored.target_key, advice: stored.advice };
}

/** What an existing lease is handled with. */
export interface LeaseConfig {
  /** The version the lease was made with: its statements. */
  own: Config;
  /** Whose admin credential is used: the newest version's where that is for the same target, else the lease's own. */
  admin: Config;
  endpoint: Endpoint;
}

/** A new admin password is used for old leases too, but it never goes to an old host. */
export async function configOf(
  context: Ground & Kept,
  secret: DynamicSecret,
  lease: leases.Lease,
): Promise<LeaseConfig> {
  const own = await readyConfig(context, secret, lease.config_version);
  const newest =
    secret.config_version === lease.config_version ? own : await readyConfig(context, secret, secret.config_version);
  const same = newest.targetKey.equals(lease.target_key);
  const admin = same ? newest : own;
  const version = same ? secret.config_version : lease.config_version;
  return { own, admin, endpoint: endpointOf(admin, secret.id, version) };
}
