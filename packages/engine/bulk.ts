/**
 * Orders to revoke many leases: what is left of them is made due, some at a time, by whichever node comes first.
 *
 * It ends no account and waits for none: a lease that is due is the sweeper's. A node that dies in between leaves rows, and
 * the next look of any node goes on with them.
 */
import { audit, bulkRevocations, type LeaseFilter, leaseLists, wakeups } from "@dayfly/store";
import type { RevocationPreview } from "./api.ts";
import type { Context } from "./context.ts";
import { leaseFacts } from "./facts.ts";
import { listedLeaseView } from "./views.ts";

const EVERY_MS = 5_000;
/** So many are shown before an order is given. */
const SHOWN = 100;

/** What an order would end now. */
export async function previewRevocation(
  { store }: Context,
  projectId: string,
  filter: LeaseFilter,
): Promise<RevocationPreview> {
  const shown = await bulkRevocations.show(store, projectId, filter);
  const page = await leaseLists.page(store, { ...filter, projectId, state: "live" }, { limit: SHOWN });
  return { ...shown, leases: page.map(listedLeaseView) };
}

/** The one who carries orders out, on one node. */
export interface Orders {
  start(): void;
  /** There is an order. */
  wake(): void;
  rest(): void;
  stop(): Promise<void>;
}

/** Makes it; it looks for orders once it is started. */
export function createOrders(context: Context): Orders {
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;

  async function workOff(): Promise<void> {
    while (!stopped && (await next()));
  }

  /** One step of one order. @returns whether there was one */
  function next(): Promise<boolean> {
    return context.store.transaction(async (tx) => {
      const step = await bulkRevocations.step(tx);
      if (step === undefined) return false;
      const events = step.moved.map((lease) => ({
        event: "lease.revoke-requested",
        ...leaseFacts(lease),
        reason: "bulk",
      }));
      await audit.appendAll(tx, step.caller, events);
      if (events.length > 0) await wakeups.wakeAll(tx);
      tx.committed.push(() => context.wake(0));
      return true;
    });
  }

  function look(): void {
    clearTimeout(timer);
    // An order that comes while the last one ends may not be met by it.
    again = running !== undefined;
    if (stopped || running) return;
    running = workOff()
      .catch((error) =>
        context.log.warn({ err: error }, "an order to revoke leases could not be worked off; it is tried again"),
      )
      .finally(() => {
        running = undefined;
        if (!stopped) timer = setTimeout(look, again ? 0 : EVERY_MS).unref();
      });
  }

  return {
    start() {
      stopped = false;
      look();
    },
    wake: look,
    rest() {
      stopped = true;
      clearTimeout(timer);
    },
    async stop() {
      this.rest();
      await running;
    },
  };
}
