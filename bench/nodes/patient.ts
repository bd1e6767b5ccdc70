/**
 * A client that asks the next node when one is away, as one behind a load balancer does.
 *
 * Each create and renewal carries a key of its own, so that it can be asked for again without happening twice.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Caller, Reply } from "../rig/caller.ts";

const TRIES = 12;

/** What happened to what was asked for. */
export interface Tally {
  asked: number;
  failed: string[];
  /** Why something was asked for again. */
  retried: Map<string, number>;
  /** Creates that came to something, in the caller's eyes. */
  made: number;
}

/** Whether another node might help: this one is away, draining, or has hung up. */
function worthAnother({ status, error }: Reply): boolean {
  return status === 0 || status === 502 || (status === 503 && error !== "") || (status === 409 && error === "Conflict");
}

/** Sets so many patient callers to work. @returns how to stop them */
export function workPatiently(caller: Caller, urls: string[], callers: number): () => Promise<Tally> {
  const tally: Tally = { asked: 0, failed: [], retried: new Map(), made: 0 };
  let stopped = false;

  async function patiently<R extends Reply>(act: string, from: number, ask: (url: string) => Promise<R>): Promise<R> {
    tally.asked += 1;
    for (let tries = 0; ; tries += 1) {
      const reply = await ask(urls[(from + tries) % urls.length]!);
      if (reply.status === 200) return reply;
      const why = `${act}: ${reply.status || "none"} ${reply.error}`;
      if (!worthAnother(reply) || tries === TRIES) {
        tally.failed.push(why);
        return reply;
      }
      tally.retried.set(why, (tally.retried.get(why) ?? 0) + 1);
      await pause(Math.min(2_000, 100 * 2 ** Math.floor(tries / urls.length)));
    }
  }

  async function once(): Promise<void> {
    const from = Math.floor(Math.random() * urls.length);
    const key = randomUUID();
    const { lease } = await patiently("create", from, (url) => caller.create(url, "orders", 60, key));
    if (!lease) return;
    tally.made += 1;
    const again = randomUUID();
    await patiently("renew", from, (url) => caller.renew(url, lease.id, 30, again));
    await patiently("get", from, (url) => caller.get(url, lease.id));
    await patiently("revoke", from, (url) => caller.revoke(url, lease.id));
  }

  const working = Array.from({ length: callers }, async () => {
    while (!stopped) {
      await once();
      await pause(Math.random() * 200);
    }
  });
  return async () => {
    stopped = true;
    await Promise.all(working);
    return tally;
  };
}
