/** What has ended long ago goes: the history of leases past its days, keys of a day ago, claims that nobody gave back. */
import { idempotencyKeys, revocations, type Store, writers } from "@dayfly/store";

const EVERY_MS = 60 * 60_000;

/** Tidies now and every hour until stopped. What fails is told and tried again. */
export function keepHouse(
  store: Store,
  historyDays: number,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  const tidy = async (): Promise<void> => {
    await store.transaction((tx) => writers.forgetLapsed(tx));
    // In small bites, so that no transaction is long.
    while ((await store.transaction((tx) => idempotencyKeys.forget(tx))) > 0);
    while ((await store.transaction((tx) => revocations.forget(tx, historyDays))) > 0);
  };
  let running = tidy().catch(onError);
  const timer = setInterval(() => {
    running = tidy().catch(onError);
  }, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
