/** Leases that end because what they hang on goes: the sweeper ends them, and each has its audit row at once. */
import { audit, type Caller, revocations, type Tx, wakeups } from "@dayfly/store";
import { leaseFacts } from "./facts.ts";

/** Who asked, as a lease's row says it. */
function endedBy(caller: Caller): string {
  return caller.actor.id ?? caller.actor.name;
}

/** All leases of these dynamic secrets. @returns how many moved */
export async function endLeasesOfSecrets(tx: Tx, caller: Caller, dynamicSecretIds: string[]): Promise<number> {
  return recorded(tx, caller, await revocations.cascade(tx, dynamicSecretIds, endedBy(caller)));
}

/** All leases that somebody holds, in one project or in all. @returns how many moved */
export async function endLeasesOfActor(
  tx: Tx,
  caller: Caller,
  actor: { type: string; id: string },
  projectId?: string,
): Promise<number> {
  return recorded(tx, caller, await revocations.cascadeActor(tx, actor, endedBy(caller), projectId));
}

async function recorded(tx: Tx, caller: Caller, ended: revocations.Ended[]): Promise<number> {
  const events = ended.map((lease) => ({ event: "lease.revoke-requested", ...leaseFacts(lease), reason: "cascade" }));
  await audit.appendAll(tx, caller, events);
  // So many are due at once that every node can lend a hand.
  if (ended.length > 0) await wakeups.wakeAll(tx);
  return ended.length;
}
