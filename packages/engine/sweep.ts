/**
 * The sweeper: claim what is due, work on it, sleep.
 *
 * Every node runs one. The lease row is the job, so nothing is loaded at start and nothing is lost at the end. It sleeps
 * until the next row falls due, five seconds at most: no timer of this engine is longer.
 */
import { audit, configVersions, type LeaseReason, type leases, revocations } from "@dayfly/store";
import { work } from "./attempt.ts";
import type { Context } from "./context.ts";
import { leaseFacts } from "./intent.ts";
import { SLOTS_IN_ALL, SLOTS_PER_TARGET } from "./slots.ts";

const LONGEST_SLEEP_MS = 5_000;
const AFTER_ERROR_MS = 1_000;
/** Something is due, but somebody holds it: asked again after this long. */
const AFTER_HELD_MS = 100;

export interface Sweeper {
  start(): void;
  /** Looks again in so many milliseconds, unless it would anyway. */
  wake(inMs: number): void;
  /** A lease that may be active although nobody has it: see `readBack` in activate.ts and `undelivered` in revoke.ts. */
  disown(leaseId: string, reason: LeaseReason): void;
  /** Claims nothing more, waits for what runs until `late`, and makes the rest due for others. */
  stop(late: Promise<unknown>): Promise<void>;
}

/** From another one on each time: where there is not room for all, none is always last. */
function inTurn(keys: Buffer[]): Buffer[] {
  const first = Math.floor(Math.random() * keys.length);
  return [...keys.slice(first), ...keys.slice(0, first)];
}

/** Makes the sweeper of one node. */
export function createSweeper(context: Context): Sweeper {
  const disowned = new Map<string, LeaseReason>();
  const running = new Map<Promise<unknown>, leases.Lease>();
  let started = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;
  let passing: Promise<void> | undefined;

  function sleep(ms: number): void {
    if (!started || stopped) return;
    const wait = Math.min(Math.max(0, Math.ceil(ms)), LONGEST_SLEEP_MS);
    const at = performance.now() + wait;
    if (at >= wakesAt) return;
    clearTimeout(timer);
    wakesAt = at;
    timer = setTimeout(pass, wait);
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
        sleep(ms);
      });
  }

  /**
   * How many more of this target may be claimed. Slots that creates hold do not count: what is claimed waits in turn with
   * them, else a target that is always busy would never have an account ended.
   */
  function free(key: Buffer): number {
    return SLOTS_PER_TARGET - [...running.values()].filter((lease) => lease.target_key.equals(key)).length;
  }

  /** One look. @returns milliseconds until the next one is needed. */
  async function look(): Promise<number> {
    await endDisowned();
    const keys = (await configVersions.targetKeys(context.store)).filter((key) => free(key) > 0);
    const room = SLOTS_IN_ALL - running.size;
    // The end of any attempt wakes this again.
    if (keys.length === 0 || room === 0) return LONGEST_SLEEP_MS;
    const claimed = await claim(inTurn(keys), room);
    for (const lease of claimed) {
      const working: Promise<unknown> = work(context, lease).finally(() => {
        running.delete(working);
        sleep(0);
      });
      running.set(working, lease);
    }
    if (claimed.length > 0) return 0;
    const ms = (await revocations.untilNextDue(context.store, keys)) ?? LONGEST_SLEEP_MS;
    return ms > 0 ? ms : AFTER_HELD_MS;
  }

  function claim(keys: Buffer[], room: number): Promise<revocations.Claimed[]> {
    return context.store.transaction(async (tx) => {
      const rows = await revocations.claimDue(tx, keys, keys.map(free), room);
      for (const row of rows) {
        if (row.was === "revoking") continue;
        await audit.append(tx, audit.systemCaller, {
          event: row.was === "active" ? "lease.expired" : "lease.create-failed",
          ...(row.was === "active" ? {} : { outcome: "failed" as const }),
          ...leaseFacts(row),
          expiresAt: row.expires_at.toISOString(),
        });
      }
      return rows;
    });
  }

  async function endDisowned(): Promise<void> {
    for (const [id, reason] of disowned) {
      await context.store.transaction(async (tx) => {
        const lease = await revocations.askRevocation(tx, id, reason, "dayfly");
        if (!lease) return;
        await audit.append(tx, audit.systemCaller, {
          event: "lease.revoke-requested",
          ...leaseFacts(lease),
          reason,
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
    disown(leaseId, reason) {
      disowned.set(leaseId, reason);
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
