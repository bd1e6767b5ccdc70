/** Other processes, as the kernel tells of them. Where there is no /proc (macOS), only "is there such a pid" is known. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { type Account, identity } from "./account.ts";

/** Whether this system tells of processes under /proc. */
export const hasProc: boolean = existsSync("/proc/self/stat");

/** A process, told apart from a later one with the same pid by its start time. */
export interface ProcessFacts {
  name: string;
  state: string;
  /** The process group: what Ctrl-C on a terminal reaches. */
  group: number;
  startTime: string;
}

/** What /proc tells of a process; undefined where there is none. */
export function processFacts(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in brackets and may itself hold blanks and brackets: split after the last one.
    const end = stat.lastIndexOf(")");
    const rest = stat.slice(end + 2).split(" ");
    return {
      name: stat.slice(stat.indexOf("(") + 1, end),
      state: rest[0]!,
      group: Number(rest[2]),
      startTime: rest[19]!,
    };
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

/** Whether a live PostgreSQL has this pid, wherever it works. */
export function isPostgres(pid: number): boolean {
  return isLive(pid) && processFacts(pid)?.name.startsWith("postgres") === true;
}

/** Whether a process works in a folder; undefined where we may not know. */
function worksIn(pid: number, here: { dev: number; ino: number }): boolean | undefined {
  try {
    const cwd = statSync(`/proc/${pid}/cwd`);
    return cwd.dev === here.dev && cwd.ino === here.ino;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? undefined : false;
  }
}

/** Asks under the account itself: root without CAP_SYS_PTRACE (in a container) may not look at another uid's processes. */
function askAsAccount(dataDir: string, account: Account): number[] {
  const script = 'for p in /proc/[0-9]*; do [ "$p/cwd" -ef . ] && echo "$p"; done; echo end';
  const asked = spawnSync("/bin/sh", ["-c", script], { cwd: dataDir, encoding: "utf8", ...identity(account) });
  const lines = asked.stdout?.trim().split("\n") ?? [];
  if (lines.pop() !== "end") throw new Error(`cannot tell which processes work in ${dataDir}: ${asked.stderr}`);
  return lines.map((line) => Number(line.slice("/proc/".length)));
}

/** The live PostgreSQL processes that work in this folder: each of them has its data folder as working folder. */
export function postgresIn(dataDir: string, account: Account): number[] {
  const here = statSync(dataDir);
  const pids = readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isPostgres(pid));
  const answers = pids.map((pid) => ({ pid, works: worksIn(pid, here) }));
  if (account.foreign && answers.some(({ works }) => works === undefined)) {
    return askAsAccount(dataDir, account).filter(isPostgres);
  }
  return answers.filter(({ works }) => works).map(({ pid }) => pid);
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
