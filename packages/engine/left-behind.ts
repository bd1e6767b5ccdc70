/** Accounts left behind by force: the one place where a lease is put on that list. It leaves it when it is proven gone. */
import { audit, type Caller, leftBehind } from "@dayfly/store";
import { alertOf } from "./alert.ts";
import type { LeftBehindView } from "./api.ts";
import type { Context } from "./context.ts";
import { leaseFacts } from "./facts.ts";
import { clearAway } from "./remains.ts";

/**
 * Lets go of one lease that is being ended, or of the hopeless ones of dynamic secrets that were deleted by force. The
 * attempts go on; what is above need not wait for them any more.
 */
export async function leaveBehind(
  context: Context,
  caller: Caller,
  which: { leaseId: string } | { dynamicSecretIds: string[] },
): Promise<void> {
  const left = await context.store.transaction(async (tx) => {
    const rows =
      "leaseId" in which
        ? await leftBehind.mark(tx, which.leaseId)
        : await leftBehind.markHopeless(tx, which.dynamicSecretIds);
    const events = rows.map((row) => ({
      event: "lease.left-behind",
      ...leaseFacts(row, row.address),
      ...(row.error === null ? {} : { error: row.error }),
    }));
    await audit.appendAll(tx, caller, events);
    await alertOf(tx, "lease.left-behind", rows);
    return rows;
  });
  if (left.length === 0) return;
  context.log.warn(
    { count: left.length, target: left[0]!.address },
    "accounts were left behind; their clean-up goes on",
  );
  await clearAway(
    context,
    left.map((row) => row.project_id),
  );
}

/** An account on the list, as answers show it. */
export function leftBehindView(row: leftBehind.LeftBehind): LeftBehindView {
  return {
    leaseId: row.id,
    externalEntityId: row.username,
    target: row.address,
    type: row.type,
    dynamicSecretName: row.dynamic_secret_name,
  };
}
