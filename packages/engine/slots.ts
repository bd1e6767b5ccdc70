/**
 * Fair share: how many calls may run at once against one target, and in all.
 *
 * A target that hangs holds its own slots and no others; who waits gives up at the caller's deadline.
 */

export const SLOTS_PER_TARGET = 8;
export const SLOTS_IN_ALL = 64;
/** What each call that went well gives back of a pace that was halved. */
const STEP_UP = 0.25;

export interface Slots {
  /**
   * Waits for a free slot of this target; who ends accounts goes before those who make some.
   * @throws the signal's reason when that comes first
   */
  take(target: string, signal: AbortSignal, endsAccounts?: boolean): Promise<() => void>;
  /** How many could be taken now. */
  free(target: string): number;
  /** How many of this target may be held at once, at its pace of now. */
  paceOf(target: string): number;
  /** The target said it was busy: half as many from now on, one at least. */
  slower(target: string): void;
  /** It did what it was asked: a little more again. */
  faster(target: string): void;
}

/** Makes the slots of one node. */
export function createSlots(perTarget = SLOTS_PER_TARGET, inAll = SLOTS_IN_ALL): Slots {
  const used = new Map<string, number>();
  let total = 0;
  let waiting: { target: string; endsAccounts: boolean; start: () => void }[] = [];

  const paces = new Map<string, number>();
  const paceOf = (target: string): number => Math.floor(paces.get(target) ?? perTarget);
  const free = (target: string): number =>
    Math.max(0, Math.min(paceOf(target) - (used.get(target) ?? 0), inAll - total));

  function occupy(target: string): () => void {
    used.set(target, (used.get(target) ?? 0) + 1);
    total += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = used.get(target)! - 1;
      if (left === 0) used.delete(target);
      else used.set(target, left);
      total -= 1;
      const next = waiting.find((waiter) => free(waiter.target) > 0);
      if (!next) return;
      waiting = waiting.filter((waiter) => waiter !== next);
      next.start();
    };
  }

  return {
    free,
    paceOf,
    slower(target) {
      paces.set(target, Math.max(1, Math.floor(paceOf(target) / 2)));
    },
    faster(target) {
      const pace = paces.get(target);
      if (pace === undefined) return;
      if (pace + STEP_UP >= perTarget) paces.delete(target);
      else paces.set(target, pace + STEP_UP);
    },
    take(target, signal, endsAccounts = false) {
      if (free(target) > 0) return Promise.resolve(occupy(target));
      return new Promise((settle, refuse) => {
        const waiter = {
          target,
          endsAccounts,
          start: () => {
            signal.removeEventListener("abort", abort);
            settle(occupy(target));
          },
        };
        const abort = (): void => {
          waiting = waiting.filter((other) => other !== waiter);
          refuse(signal.reason);
        };
        if (signal.aborted) return refuse(signal.reason);
        signal.addEventListener("abort", abort, { once: true });
        const behind = endsAccounts ? waiting.findIndex((other) => !other.endsAccounts) : -1;
        waiting.splice(behind < 0 ? waiting.length : behind, 0, waiter);
      });
    },
  };
}
