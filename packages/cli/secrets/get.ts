/**
 * `secrets get`: values by name. A name that is a dynamic secret is leased, and so is the only dynamic secret of a
 * folder that holds no static one: `secrets get --path=/database/dynamic` is the shortest way to a credential.
 */
import { PermissionError, type Secret } from "@dayfly/sdk";
import { CliError, usage } from "../exit.ts";
import { formatOf, print } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { noteIssued, printShort } from "../leases/issued.ts";
import { printSecrets } from "./list.ts";

interface Flags {
  plain?: boolean;
  lease?: boolean;
}

/** Prints the named secrets, or what the folder holds. */
export async function getSecrets(run: Invocation<Flags>, names: string[]): Promise<void> {
  formatOf(run);
  const secrets = await readable(run);
  if (names.length > 0) return await getNamed(run, secrets, names);
  if (secrets.length > 0) return await printValues(run, secrets);
  const here = `${run.settings.path.value} of ${run.settings.environment.value}`;
  if (run.flags.lease === false) throw new CliError("notFound", `There are no secrets in ${here}`);
  const dynamic = (await run.client().dynamicSecrets.list(await run.where())).map(({ name }) => name);
  if (dynamic.length === 0) throw new CliError("notFound", `There are no secrets in ${here}`);
  if (dynamic.length > 1) {
    throw usage(
      `There are ${dynamic.length} dynamic secrets in ${here}: ${dynamic.sort().join(", ")}`,
      "Name one: secrets get NAME",
    );
  }
  await lease(run, dynamic[0]!);
}

/** Who may only lease sees no static secrets: to them the folder holds none. */
async function readable(run: Invocation): Promise<Secret[]> {
  try {
    return await run.client().secrets.list(await run.where());
  } catch (error) {
    if (error instanceof PermissionError) return [];
    throw error;
  }
}

async function getNamed(run: Invocation<Flags>, secrets: Secret[], names: string[]): Promise<void> {
  const found = names.flatMap((name) => secrets.find(({ secretKey }) => secretKey === name) ?? []);
  const others = names.filter((name) => !found.some(({ secretKey }) => secretKey === name));
  const leased = others.length > 0 && run.flags.lease !== false ? await dynamicAmong(run, others) : [];
  const missing = others.filter((name) => !leased.includes(name));
  if (found.length > 0) await printValues(run, found);
  for (const name of leased) await lease(run, name);
  if (missing.length === 0) return;
  const here = `${run.settings.path.value} of ${run.settings.environment.value}`;
  throw new CliError("notFound", `There is no ${missing.join(", ")} in ${here}`);
}

async function dynamicAmong(run: Invocation, names: string[]): Promise<string[]> {
  const dynamic = await run.client().dynamicSecrets.list(await run.where());
  return names.filter((name) => dynamic.some((secret) => secret.name === name.toLowerCase()));
}

async function lease(run: Invocation, name: string): Promise<void> {
  const issued = await run.client().leases.create({ ...(await run.where()), dynamicSecretName: name });
  noteIssued(run, name, issued);
  await printShort(run, issued);
}

async function printValues(run: Invocation<Flags>, secrets: Secret[]): Promise<void> {
  if (!run.flags.plain) return await printSecrets(run, secrets);
  // Asked for by name and by flag, so it is not masked on a terminal either.
  print(run, secrets.map(({ secretValue }) => secretValue).join("\n"));
}
