/** Other processes, as the kernel tells of them. Where there is no /proc (macOS), only "is there such a pid" is known. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";

/** Whether this system tells of processes under /proc. */
export const hasProc: boolean = existsSync("/proc/self/stat");

/** A process, told apart from a later one with the same pid by its start time. */
export interface ProcessFacts {
  name: string;
  state: string;
  startTime: string;
}

/** What /proc tells of a process; undefined where there is none. */
export function processFacts(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in brackets and may itself hold blanks and brackets: split after the last one.
    const end = stat.lastIndexOf(")");
    const rest = stat.slice(end + 2).split(" ");
    return { name: stat.slice(stat.indexOf("(") + 1, end), state: rest[0]!, startTime: rest[19]! };
  } catch {
    return undefined;
  }
}

/** Whether a process runs: a zombie does not. */
export function isLive(pid: number): boolean {
  if (hasProc) {
    const facts = processFacts(pid);
    return facts !== undefined && facts.state !== "Z" && facts.state !== "X";
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The live PostgreSQL processes that work in this folder: each of them has its data folder as working folder. */
export function postgresIn(dataDir: string): number[] {
  const here = statSync(dataDir);
  const found: number[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    try {
      const cwd = statSync(`/proc/${pid}/cwd`);
      if (cwd.dev !== here.dev || cwd.ino !== here.ino) continue;
    } catch {
      continue; // gone meanwhile, a zombie, or another user's
    }
    if (isLive(pid) && processFacts(pid)?.name.startsWith("postgres")) found.push(pid);
  }
  return found;
}

/** Asks again until it is so or the time is up; says whether it is so. */
export async function until(isSo: () => boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
