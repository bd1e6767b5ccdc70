/**
 * The sweeper: claim what is due, work on it, sleep.
 *
 * Every node runs one. The lease row is the job, so nothing is loaded at start and nothing is lost at the end. It sleeps
 * until the next row falls due, five seconds at most: no timer of this engine is longer.
 */
import { audit, configVersions, type leases, revocations } from "@dayfly/store";
import { work } from "./attempt.ts";
import type { Context } from "./context.ts";
import { SLOTS_PER_TARGET } from "./slots.ts";

const LONGEST_SLEEP_MS = 5_000;
const AFTER_ERROR_MS = 1_000;

export interface Sweeper {
  start(): void;
  /** Looks again in so many milliseconds, unless it would anyway. */
  wake(inMs: number): void;
  /** A lease that may be active although nobody was told: see `readBack` in activate.ts. */
  disown(leaseId: string): void;
  /** Claims nothing more, waits for what runs until `late`, and makes the rest due for others. */
  stop(late: Promise<unknown>): Promise<void>;
}

/** Makes the sweeper of one node. */
export function createSweeper(context: Context): Sweeper {
  const disowned = new Set<string>();
  const running = new Map<Promise<unknown>, leases.Lease>();
  let started = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;
  let passing: Promise<void> | undefined;

  function sleep(ms: number): void {
    if (!started || stopped) return;
    const at = performance.now() + ms;
    if (at >= wakesAt) return;
    clearTimeout(timer);
    wakesAt = at;
    timer = setTimeout(pass, Math.max(0, Math.ceil(ms)));
  }

  function pass(): void {
    wakesAt = Number.POSITIVE_INFINITY;
    // While a pass runs another look is only noted; it comes right after.
    if (passing) {
      sleep(50);
      return;
    }
    passing = look()
      .catch((error) => {
        context.log.warn({ err: error }, "the sweeper could not ask the database; it tries again");
        return AFTER_ERROR_MS;
      })
      .then((ms) => {
        passing = undefined;
        sleep(Math.min(ms, LONGEST_SLEEP_MS));
      });
  }

  function free(key: Buffer): number {
    const mine = [...running.values()].filter((lease) => lease.target_key.equals(key)).length;
    return Math.min(context.slots.free(key.toString("hex")), SLOTS_PER_TARGET - mine);
  }

  /** One look. @returns milliseconds until the next one is needed. */
  async function look(): Promise<number> {
    await endDisowned();
    const keys = (await configVersions.targetKeys(context.store)).filter((key) => free(key) > 0);
    if (keys.length === 0) return LONGEST_SLEEP_MS;
    const claimed = await claim(keys);
    for (const lease of claimed) {
      const working: Promise<unknown> = work(context, lease).finally(() => {
        running.delete(working);
        sleep(0);
      });
      running.set(working, lease);
    }
    if (claimed.length > 0) return 0;
    return (await revocations.untilNextDue(context.store, keys)) ?? LONGEST_SLEEP_MS;
  }

  function claim(keys: Buffer[]): Promise<revocations.Claimed[]> {
    return context.store.transaction(async (tx) => {
      const rows = await revocations.claimDue(tx, keys, keys.map(free), context.slots.room());
      for (const row of rows) {
        if (row.was === "revoking") continue;
        await audit.append(tx, audit.systemCaller, {
          event: row.was === "active" ? "lease.expired" : "lease.create-failed",
          ...(row.was === "active" ? {} : { outcome: "failed" as const }),
          projectId: row.project_id,
          leaseId: row.id,
          dynamicSecretId: row.dynamic_secret_id,
          account: row.username,
          expiresAt: row.expires_at.toISOString(),
        });
      }
      return rows;
    });
  }

  async function endDisowned(): Promise<void> {
    for (const id of disowned) {
      await context.store.transaction(async (tx) => {
        const lease = await revocations.askRevocation(tx, id, "create-failed", "dayfly");
        if (!lease) return;
        await audit.append(tx, audit.systemCaller, {
          event: "lease.revoke-requested",
          projectId: lease.project_id,
          leaseId: id,
          dynamicSecretId: lease.dynamic_secret_id,
          account: lease.username,
          reason: "create-failed",
        });
        await revocations.release(tx, [{ id, fenceNo: lease.fence_no }]);
      });
      disowned.delete(id);
    }
  }

  return {
    start() {
      started = true;
      sleep(0);
    },
    wake: sleep,
    disown(leaseId) {
      disowned.add(leaseId);
      sleep(0);
    },
    async stop(late) {
      stopped = true;
      clearTimeout(timer);
      await passing;
      await Promise.race([Promise.allSettled(running.keys()), late]);
      const left = [...running.values()].map((lease) => ({ id: lease.id, fenceNo: lease.fence_no }));
      if (left.length > 0) await context.store.transaction((tx) => revocations.release(tx, left));
    },
  };
}
