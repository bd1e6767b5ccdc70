/** Ending a server, and what a dead one left running. */
import type { Account } from "./account.ts";
import { isLive, postgresIn, until } from "./process.ts";

/** How long a fast shutdown may take before the harder one, which is safe too but must replay at the next start. */
const LIMIT_MS = 60_000;

/** Ends a server by SIGINT to its pid (PostgreSQL's fast shutdown) and waits until it is gone. */
export async function endServer(pid: number, isGone: () => boolean = () => !isLive(pid)): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    if (isGone()) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    if (await until(isGone, LIMIT_MS)) return;
  }
  throw new Error(`PostgreSQL (pid ${pid}) does not end`);
}

/** Waits until the processes of a killed server are gone from its folder: they still hold its shared memory. */
export async function waitForLeftovers(dataDir: string, account: Account): Promise<void> {
  const left = () => postgresIn(dataDir, account);
  if (await until(() => left().length === 0, 10_000)) return;
  // A busy one does not notice that its server is gone. SIGQUIT is what the server itself would have sent.
  for (const pid of left()) process.kill(pid, "SIGQUIT");
  if (await until(() => left().length === 0, 10_000)) return;
  throw new Error(`processes ${left().join(", ")} still work in ${dataDir}: end them and start again`);
}

const atExit = new Set<number>();

function endAll(): void {
  for (const pid of atExit) {
    try {
      if (isLive(pid)) process.kill(pid, "SIGINT");
    } catch {
      // the pid is another's by now
    }
  }
}

/** Ends the server when this process exits, unless it is forgotten before: a crashed test leaves none behind. */
export function endAtExit(pid: number): void {
  if (atExit.size === 0) process.on("exit", endAll);
  atExit.add(pid);
}

/** The server has ended. */
export function forget(pid: number): void {
  atExit.delete(pid);
  if (atExit.size === 0) process.off("exit", endAll);
}
