/**
 * The sweeper: claim what is due, work on it, sleep.
 *
 * Every node runs one. The lease row is the job, so nothing is loaded at start and nothing is lost at the end. It sleeps
 * until the next row falls due, five seconds at most: no timer of this engine is longer.
 */
import { audit, type LeaseReason, type leases, revocations, wakeups } from "@dayfly/store";
import { alertOf } from "./alert.ts";
import { work } from "./attempt.ts";
import type { Context } from "./context.ts";
import { recordExpiry } from "./expiry.ts";
import { leaseFacts } from "./facts.ts";
import { createFencePasses } from "./fence-pass.ts";
import { finishRenewal } from "./renewal.ts";
import { SLOTS_IN_ALL } from "./slots.ts";

const LONGEST_SLEEP_MS = 5_000;
const AFTER_ERROR_MS = 1_000;
/** Something is due, but somebody holds it: asked again after this long. */
const AFTER_HELD_MS = 100;
/** How often is looked for what changes seldom. */
const MEANTIME_MS = 1_000;

export interface Sweeper {
  start(): void;
  /** Looks again in so many milliseconds, unless it would anyway. */
  wake(inMs: number): void;
  /** A lease that may be active although nobody has it: see `readBack` in activate.ts and `undelivered` in revoke.ts. */
  disown(leaseId: string, reason: LeaseReason): void;
  /** Claims nothing more; what runs goes on. */
  rest(): void;
  /** Rests, waits for what runs until `late`, and makes the rest due for others. */
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
  const fencePasses = createFencePasses(context);
  let started = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Number.POSITIVE_INFINITY;
  let passing: Promise<void> | undefined;
  let meantimeAt = 0;
  let listener: { stop(): Promise<void> } | undefined;

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
   * them, else a target that is always busy would never have an account ended. A target that is held back gets one call
   * when its next probe is due.
   */
  function free(key: Buffer): number {
    const worked = [...running.values()].filter((lease) => lease.target_key.equals(key)).length;
    const heldMs = context.breaker.heldFor(key);
    if (heldMs === null) return Math.max(0, context.slots.paceOf(key.toString("hex")) - worked);
    return heldMs === 0 && worked === 0 ? 1 : 0;
  }

  /** One look. @returns milliseconds until the next one is needed. */
  async function look(): Promise<number> {
    await endDisowned();
    await inTheMeantime();
    const due = await revocations.dueTargets(context.store);
    const keys: Buffer[] = [];
    let next = LONGEST_SLEEP_MS;
    for (const { targetKey, inMs } of due) {
      const heldMs = context.breaker.heldFor(targetKey);
      if (inMs > 0) next = Math.min(next, inMs);
      else if (free(targetKey) > 0) keys.push(targetKey);
      else if (heldMs !== null) next = Math.min(next, await expireUnasked(targetKey, heldMs));
      // More is due than its slots take: perhaps very much more.
      else next = Math.min(next, fencePasses.begin(targetKey));
    }
    const room = SLOTS_IN_ALL - running.size;
    // The end of any attempt wakes this again.
    if (keys.length === 0 || room === 0) return next;
    const claimed = await claim(inTurn(keys), room);
    for (const lease of claimed) {
      const begun: Promise<unknown> = lease.renews ? finishRenewal(context, lease) : work(context, lease);
      const working: Promise<unknown> = begun.finally(() => {
        running.delete(working);
        sleep(0);
      });
      running.set(working, lease);
    }
    return claimed.length > 0 ? 0 : AFTER_HELD_MS;
  }

  /** What need not be done at each look: what other nodes know of targets, and who has to be told of what does not end. */
  async function inTheMeantime(): Promise<void> {
    if (performance.now() < meantimeAt) return;
    meantimeAt = performance.now() + MEANTIME_MS;
    await context.breaker.refresh();
    await context.store.transaction(async (tx) => {
      const found = await revocations.markUnheeded(tx);
      const events = found.map((lease) => ({
        event: "lease.attention",
        ...leaseFacts(lease, lease.address),
        ...(lease.error_class === null ? {} : { errorClass: lease.error_class }),
      }));
      await audit.appendAll(tx, audit.systemCaller, events);
      await alertOf(tx, "lease.attention", found);
    });
  }

  /** Overdue leases of a target that is held back are ending, although nobody can be asked. @returns when to look again */
  async function expireUnasked(targetKey: Buffer, heldMs: number): Promise<number> {
    const moved = await context.store.transaction(async (tx) => {
      const rows = await revocations.expireUnasked(tx, targetKey, context.breaker.reasonOf(targetKey));
      await recordExpiry(tx, rows);
      return rows.length;
    });
    return moved > 0 ? 0 : Math.max(heldMs, AFTER_HELD_MS);
  }

  function claim(keys: Buffer[], room: number): Promise<revocations.Claimed[]> {
    return context.store.transaction(async (tx) => {
      const rows = await revocations.claimDue(tx, keys, keys.map(free), room);
      await recordExpiry(tx, rows);
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
      listener ??= context.store.listen(() => {
        meantimeAt = 0;
        sleep(0);
      });
      sleep(0);
    },
    wake: sleep,
    disown(leaseId, reason) {
      disowned.set(leaseId, reason);
      sleep(0);
    },
    rest() {
      stopped = true;
      clearTimeout(timer);
    },
    async stop(late) {
      this.rest();
      await listener?.stop();
      await passing;
      await Promise.race([Promise.allSettled([...running.keys(), ...fencePasses.running.keys()]), late]);
      const held = [...running.values(), ...fencePasses.running.values()].flat();
      const left = held.map((lease) => ({ id: lease.id, fenceNo: lease.fence_no }));
      if (left.length === 0) return;
      await context.store.transaction(async (tx) => {
        await revocations.release(tx, left);
        await wakeups.wakeAll(tx);
      });
    },
  };
}
