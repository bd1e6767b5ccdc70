/** What is over goes: the history of leases past its days, keys of a day ago, alerts that nobody took. */
import { alerts, bulkRevocations, idempotencyKeys, remains, revocations, type Store, targets } from "@dayfly/store";

const EVERY_MS = 60 * 60_000;

/** Whom the tidying tells. */
export interface Told {
  error(error: unknown): void;
  /** So many alerts were a day old, and nobody had taken them. */
  undelivered(count: number): void;
}

/** Tidies now and every hour until stopped. What fails is told and tried again. */
export function keepHouse(store: Store, historyDays: number, told: Told): { stop(): Promise<void> } {
  const tidy = async (): Promise<void> => {
    await store.transaction((tx) => targets.forgetUnused(tx));
    // In small bites, so that no transaction is long.
    while ((await store.transaction((tx) => idempotencyKeys.forget(tx))) > 0);
    while ((await store.transaction((tx) => revocations.forget(tx, historyDays))) > 0);
    while ((await store.transaction((tx) => bulkRevocations.forget(tx, historyDays))) > 0);
    while ((await store.transaction((tx) => remains.forget(tx))) > 0);
    for (let dropped = 1; dropped > 0; ) {
      dropped = await store.transaction((tx) => alerts.forget(tx));
      if (dropped > 0) told.undelivered(dropped);
    }
  };
  let running = tidy().catch(told.error);
  const timer = setInterval(() => {
    running = tidy().catch(told.error);
  }, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
