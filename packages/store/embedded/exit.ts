/** Ends servers that nobody ended when this process exits: for demo and tests; the own store is adopted instead. */
import { isLive } from "./process.ts";

const pids = new Set<number>();
let listening = false;

/** Ends the server when the process exits, unless it is forgotten before. */
export function endAtExit(pid: number): void {
  pids.add(pid);
  if (listening) return;
  listening = true;
  process.on("exit", () => {
    for (const pid of pids) if (isLive(pid)) process.kill(pid, "SIGINT");
  });
}

/** The server has ended, or is to outlive us. */
export function forget(pid: number): void {
  pids.delete(pid);
}
