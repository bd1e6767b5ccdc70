/** `lease create`: issues a credential and prints it, once. */
import { usage } from "../exit.ts";
import { formatOf, printData, printMap } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { checkTtl } from "../ttl.ts";
import { noteIssued } from "./issued.ts";

const waits = ["none", "api", "login"] as const;

interface Flags {
  ttl?: string;
  wait?: string;
  plain?: boolean;
  outputFull?: boolean;
}

/** Issues one lease. Prints only the credential, unless `--output-full`. */
export async function createLease(run: Invocation<Flags>, [name]: string[]): Promise<void> {
  const { ttl, wait, plain, outputFull } = run.flags;
  // Before the lease is issued: a format that cannot be printed would cost the credential.
  const format = formatOf(run, plain ? "plain" : outputFull ? "json" : undefined);
  if (outputFull && format !== "json" && format !== "yaml") {
    throw usage(`A whole lease has no ${format} form`, "Use -o json or -o yaml, or leave --output-full out");
  }
  if (ttl !== undefined) checkTtl("--ttl", ttl);
  const what = waits.find((one) => one === wait);
  if (wait !== undefined && !what) throw usage(`--wait ${wait} is none of ${waits.join(", ")}`);
  const where = await run.where();
  const asked = { ...(ttl !== undefined && { ttl }), ...(what && { wait: what }) };
  const lease = await run.client().leases.create({ ...where, dynamicSecretName: name!, ...asked });
  noteIssued(run, name!, lease);
  if (!outputFull) return await printMap(run, lease.data, format);
  const { type } = lease.dynamicSecret;
  const { data, ready, readyAfterMs } = lease;
  const told = ready === undefined ? {} : { ready, readyAfterMs };
  await printData(run, { data, lease: lease.lease, dynamicSecret: { name, type }, ...told }, format);
}
