/** Turns: work under one key is done one after the other, and a queue that grows too long is refused. */
import { Refusal } from "../refusal.ts";

/** So that a flood under one key holds one database connection and not all of them. */
export function createTurns(longest: number) {
  const queues = new Map<string, { waiting: number; last: Promise<unknown> }>();
  return {
    /** Runs `work` when everything before it under this key has ended. @throws Refusal 429 when too many wait */
    async take<T>(key: string, work: () => Promise<T>): Promise<T> {
      const queue = queues.get(key) ?? { waiting: 0, last: Promise.resolve() };
      if (queue.waiting >= longest) {
        throw new Refusal("RateLimitExceeded", "Too many logins at once: wait a second", { retryAfter: 1 });
      }
      queues.set(key, queue);
      queue.waiting += 1;
      const mine = queue.last.then(work, work);
      queue.last = mine.catch(() => {});
      try {
        return await mine;
      } finally {
        queue.waiting -= 1;
        if (queue.waiting === 0) queues.delete(key);
      }
    },
  };
}
