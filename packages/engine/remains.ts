/** What a deletion leaves until its last account is gone: cleared away after each step that may have been the last one. */
import { dynamicSecrets, type leases, remains } from "@dayfly/store";
import type { Context } from "./context.ts";

/** Removes what nothing holds any more of these projects. What fails is told, and done by `tidy.ts` within a minute. */
export async function clearAway(context: Context, projectIds: Iterable<string>): Promise<void> {
  for (const projectId of new Set(projectIds)) {
    try {
      await context.store.transaction((tx) => remains.clear(tx, projectId));
    } catch (error) {
      context.log.warn({ projectId, err: error }, "what a deletion left could not be cleared away; it is tried again");
    }
  }
}

/** A lease is proven gone: if its dynamic secret has been deleted and this was its last one, what is above goes too. */
export async function letGoAbove(context: Context, gone: leases.Lease): Promise<void> {
  try {
    const freed = await dynamicSecrets.letGo(context.store, gone.dynamic_secret_id);
    // One left behind holds nothing but the key of its project.
    if (!freed && gone.left_behind_at === null) return;
  } catch (error) {
    context.log.warn(
      { leaseId: gone.id, err: error },
      "what hung on a lease could not be looked at; it is tried again",
    );
    return;
  }
  await clearAway(context, [gone.project_id]);
}
