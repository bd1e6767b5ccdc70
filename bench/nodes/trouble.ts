/** Nodes that are killed and stopped while they work: one after the other, never all at once. */
import { setTimeout as pause } from "node:timers/promises";
import type { Server } from "../../e2e/testing/server.ts";

/** Seconds within each minute. */
const KILL_AT = 7;
const DOWN_FOR = 5;
const STOP_AT = 22;
/** A bunch of leases is made so many seconds before, to fall due at that moment: somebody is at work on them. */
export const AHEAD_SECONDS = 5;
/** Ending a bunch takes about this long. */
const AT_WORK_MS = 250;

/** What was done, in milliseconds since the epoch. */
export interface Disturbance {
  what: "killed" | "stopped";
  node: number;
  at: number;
}

/** Each minute kills one node and starts it again, then stops the next one for a while. @returns what was done */
export async function makeTrouble(
  nodes: Server[],
  asked: { minutes: number; stopSeconds: number },
  makeBunch: () => Promise<void>,
  tell: (text: string) => void,
): Promise<Disturbance[]> {
  const done: Disturbance[] = [];
  const began = Date.now();
  for (let minute = 0; minute < asked.minutes; minute += 1) {
    const until = (second: number): Promise<void> =>
      pause(Math.max(0, began + (minute * 60 + second) * 1_000 - Date.now()));
    const amidBunch = async (second: number): Promise<void> => {
      await until(second - AHEAD_SECONDS);
      const bunch = makeBunch();
      await until(second);
      await pause(Math.random() * AT_WORK_MS);
      await bunch;
    };
    const killed = minute % nodes.length;
    const held = (minute + 1) % nodes.length;
    await amidBunch(KILL_AT);
    done.push({ what: "killed", node: killed, at: Date.now() });
    await nodes[killed]!.kill("node");
    await pause(DOWN_FOR * 1_000);
    await nodes[killed]!.restart();
    await amidBunch(STOP_AT);
    done.push({ what: "stopped", node: held, at: Date.now() });
    process.kill(nodes[held]!.pid(), "SIGSTOP");
    await pause(asked.stopSeconds * 1_000);
    process.kill(nodes[held]!.pid(), "SIGCONT");
    tell(`minute ${minute + 1}: node ${killed + 1} was killed, node ${held + 1} stopped for ${asked.stopSeconds} s`);
  }
  await pause(Math.max(0, began + asked.minutes * 60_000 - Date.now()));
  return done;
}
