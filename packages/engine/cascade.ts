/** Leases that end because what they hang on goes: the sweeper ends them, and each has its audit row at once. */
import { audit, type Caller, type leases, revocations, type Tx } from "@dayfly/store";
import { leaseFacts } from "./intent.ts";

/** Who asked, as a lease's row says it. */
function endedBy(caller: Caller): string {
  return caller.actor.id ?? caller.actor.name;
}

/** All leases of a dynamic secret. @returns how many moved */
export async function endLeasesOfSecret(tx: Tx, caller: Caller, dynamicSecretId: string): Promise<number> {
  return recorded(tx, caller, await revocations.cascade(tx, dynamicSecretId, endedBy(caller)));
}

/** All leases that somebody holds, in whatever project. @returns how many moved */
export async function endLeasesOfActor(tx: Tx, caller: Caller, actor: { type: string; id: string }): Promise<number> {
  return recorded(tx, caller, await revocations.cascadeActor(tx, actor, endedBy(caller)));
}

async function recorded(tx: Tx, caller: Caller, ended: leases.Lease[]): Promise<number> {
  for (const lease of ended) {
    await audit.append(tx, caller, {
      event: "lease.revoke-requested",
      ...leaseFacts(lease),
      reason: "cascade",
    });
  }
  return ended.length;
}
