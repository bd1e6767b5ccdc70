/**
 * Deleting what dynamic secrets hang on, with whatever is in it.
 *
 * One transaction hides all of it and makes its leases due; rows go when the last account is proven gone. A forced deletion
 * waits a moment for that, and then leaves behind, on a list, what could not be ended.
 */
import { type Caller, leftBehind, subtree, type Tx } from "@dayfly/store";
import type { Removal, RemoveOptions } from "./api.ts";
import { endLeasesOfSecrets } from "./cascade.ts";
import type { Context } from "./context.ts";
import { leaveBehind, leftBehindView } from "./left-behind.ts";
import { clearAway } from "./remains.ts";
import { IN_PROCESS } from "./views.ts";

/** How long a forced deletion holds its caller. */
const CALLER_MS = 8_000;
const LOOK_MS = 100;
/** So many accounts are in an answer; all of them are in the list. */
const MOST_SHOWN = 100;

/** Deletes a project, an environment, a folder or a dynamic secret. @throws NotFound */
export async function remove(
  context: Context,
  caller: Caller,
  what: subtree.Doomed,
  { isForced, record }: RemoveOptions,
): Promise<Removal> {
  const hidden = await context.store.transaction(async (tx: Tx) => {
    const found = await subtree.hide(tx, what, isForced);
    await record(tx, await endLeasesOfSecrets(tx, caller, found.dynamicSecretIds));
    return found;
  });
  const { projectId, dynamicSecretIds } = hidden;
  context.wake(0);
  if (isForced && (await holdsAfterAWhile(context, dynamicSecretIds))) {
    await leaveBehind(context, caller, { dynamicSecretIds });
  }
  await clearAway(context, [projectId]);
  return removal(context, dynamicSecretIds);
}

/** Waits for the leases to end, as long as there is hope and the caller is held. @returns whether some have not */
async function holdsAfterAWhile(context: Context, dynamicSecretIds: string[]): Promise<boolean> {
  const until = performance.now() + CALLER_MS;
  for (;;) {
    const { ending, hopeful } = await leftBehind.standing(context.store, dynamicSecretIds);
    if (ending === 0) return false;
    if (hopeful === 0 || performance.now() > until) return true;
    await new Promise((settle) => setTimeout(settle, LOOK_MS).unref());
  }
}

async function removal(context: Context, dynamicSecretIds: string[]): Promise<Removal> {
  const { ending } = await leftBehind.standing(context.store, dynamicSecretIds);
  const { rows, count } = await leftBehind.ofSecrets(context.store, dynamicSecretIds, MOST_SHOWN);
  const details = [
    ...(ending === 0 ? [] : [counted(ending, "lease is", "leases are", "being revoked")]),
    ...(count === 0 ? [] : [counted(count, "account was", "accounts were", "left behind; the clean-up goes on")]),
  ];
  return {
    status: ending === 0 ? null : IN_PROCESS,
    statusDetails: details.length === 0 ? null : details.join("; "),
    leftBehind: rows.map(leftBehindView),
    leftBehindCount: count,
  };
}

function counted(count: number, one: string, many: string, rest: string): string {
  return `${count} ${count === 1 ? one : many} ${rest}`;
}
