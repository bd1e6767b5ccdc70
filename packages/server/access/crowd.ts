/** A crowd: so much at once under one key, and what comes on top is refused instead of queued. */
import { Refusal } from "../refusal.ts";

/** Makes one; `words` are what the next one too many is told. */
export function createCrowd(most: number, words: string) {
  const inside = new Map<string, number>();
  return {
    /** Runs `work` if there is room. @throws Refusal 429 */
    async enter<T>(key: string, work: () => Promise<T>): Promise<T> {
      const now = inside.get(key) ?? 0;
      if (now >= most) throw new Refusal("RateLimitExceeded", words, { retryAfter: 1 });
      inside.set(key, now + 1);
      try {
        return await work();
      } finally {
        const left = inside.get(key)! - 1;
        if (left > 0) inside.set(key, left);
        else inside.delete(key);
      }
    },
  };
}
