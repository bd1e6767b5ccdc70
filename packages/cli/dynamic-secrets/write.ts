/** `dynamic-secrets create` and `update`: configures a target. The server tries the target before it says yes. */
import { usage } from "../exit.ts";
import { formatOf, print } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { checkTtl } from "../ttl.ts";
import { type InputFlags, readInputs } from "./inputs.ts";

interface Flags extends InputFlags {
  type?: string;
  newName?: string;
  defaultTtl?: string;
  maxTtl?: string;
  usernameTemplate?: string;
  metadata?: string[];
}

/** Creates a dynamic secret and prints its id. */
export async function createDynamicSecret(run: Invocation<Flags>, [name]: string[]): Promise<void> {
  const { type, defaultTtl } = run.flags;
  formatOf(run);
  if (type === undefined) throw usage("The kind of target is missing", "Give --type, for example --type sql-database");
  if (defaultTtl === undefined)
    throw usage("The lifetime of a lease is missing", "Give --default-ttl, for example --default-ttl 2h");
  const rest = settings(run);
  const inputs = await readInputs(run);
  const where = await run.where();
  const provider = { type, inputs };
  const created = await run
    .client()
    .dynamicSecrets.create({ ...where, name: name!, provider, ...rest, defaultTTL: defaultTtl });
  run.note(
    `created ${created.name}; lease it: dayfly dynamic-secrets lease create ${created.name} ${run.placeFlags()}`,
  );
  printId(run, created);
}

/** Changes what is given and nothing else, and prints the id. Inputs are laid over the stored ones. */
export async function updateDynamicSecret(run: Invocation<Flags>, [name]: string[]): Promise<void> {
  formatOf(run);
  const inputs = await readInputs(run);
  const { newName } = run.flags;
  const data = {
    ...settings(run),
    ...(newName !== undefined && { newName }),
    ...(Object.keys(inputs).length > 0 && { inputs }),
  };
  if (Object.keys(data).length === 0)
    throw usage("There is nothing to change", "Give --default-ttl, --max-ttl, --set …");
  const updated = await run.client().dynamicSecrets.update(name!, { ...(await run.where()), data });
  run.note(`updated ${updated.name}; the next lease uses it`);
  printId(run, updated);
}

function settings({ flags }: Invocation<Flags>) {
  const { defaultTtl, maxTtl, usernameTemplate, metadata } = flags;
  return {
    ...(defaultTtl !== undefined && { defaultTTL: checkTtl("--default-ttl", defaultTtl) }),
    ...(maxTtl !== undefined && { maxTTL: checkTtl("--max-ttl", maxTtl) }),
    ...(usernameTemplate !== undefined && { usernameTemplate }),
    ...(metadata !== undefined && { metadata: metadata.map(label) }),
  };
}

function label(text: string): { key: string; value: string } {
  const at = text.indexOf("=");
  if (at <= 0) throw usage(`--metadata ${text} is not key=value`);
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}

function printId(run: Invocation, { id, name }: { id: string; name: string }): void {
  print(run, formatOf(run, "plain") === "json" ? JSON.stringify({ id, name }, null, 2) : id);
}
