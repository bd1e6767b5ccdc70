/** Waiting for a moment, and acting in one. */
import type { StartOptions } from "../index.ts";

/** Asks until it is so, ten seconds at most. */
export async function until(what: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await what())) {
    if (Date.now() > end) throw new Error("it did not happen within 10 s");
    await new Promise((settle) => setTimeout(settle, 20));
  }
}

/** A step hook for one start, and what its next step of a name is to wait for. */
export function stepGate(): {
  step: NonNullable<StartOptions["step"]>;
  at(point: string, act: () => Promise<void>): void;
} {
  let next: { point: string; act: () => Promise<void> } | null = null;
  return {
    async step(point) {
      if (next?.point !== point) return;
      const { act } = next;
      next = null;
      await act();
    },
    at(point, act) {
      next = { point, act };
    },
  };
}
