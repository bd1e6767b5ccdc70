/**
 * Members whose last role has ended by itself. Their rights are gone at that moment; this ends the leases they were needed
 * for, within a minute, on whichever node looks first.
 */
import type { Engine } from "@dayfly/engine";
import { audit, memberships, type Store } from "@dayfly/store";

const EVERY_MS = 30_000;

/** Ends what such members hold, each member with its audit row. @returns how many members it was */
export function endLapsed(store: Store, engine: Pick<Engine, "endLeasesOf">): Promise<number> {
  return store.transaction(async (tx) => {
    const lapsed = await memberships.lapsed(tx);
    for (const { project_id: projectId, actor_type: type, actor_id: id } of lapsed) {
      const count = await engine.endLeasesOf(tx, audit.systemCaller, { type, id }, projectId);
      await audit.append(tx, audit.systemCaller, { event: "membership-lapsed", projectId, subjectId: id, count });
    }
    return lapsed.length;
  });
}

/** Looks now and twice a minute until stopped. What fails is told and tried again. */
export function keepLapses(
  store: Store,
  engine: Pick<Engine, "endLeasesOf">,
  failed: (error: unknown) => void,
): { stop(): Promise<void> } {
  const look = async (): Promise<void> => {
    // In small bites, so that no transaction is long.
    while ((await endLapsed(store, engine)) > 0);
  };
  let running = look().catch(failed);
  const timer = setInterval(() => {
    running = running.then(look).catch(failed);
  }, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
