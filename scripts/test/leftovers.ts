/**
 * Servers that a crashed or stopped test left behind are ended by pid.
 *
 * Each run has a folder of its own that is the TMPDIR of its tests, and says so in their environment. What still works
 * in that folder or still carries that word after a phase was started by a test of this run, and nothing else was.
 * Reads /proc; where there is none (macOS), only the tests' own clean-up is left.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const prefix = "dayfly-run-";

/** The folder of a run. */
export interface RunFolder {
  path: string;
  /** What the tests' environment needs. */
  env: Record<string, string>;
  /** Ends what the tests left running and says what it was. */
  sweep(): Promise<string[]>;
  /** The last sweep; the folder goes. */
  close(): Promise<string[]>;
}

/** Opens a run's folder, after ending what an earlier run that was itself killed has left. */
export async function openRunFolder(parent = tmpdir()): Promise<RunFolder> {
  for (const path of abandoned(parent)) {
    await sweep(path);
    rmSync(path, { recursive: true, force: true });
  }
  const path = mkdtempSync(join(parent, prefix));
  // Servers that refuse to run as root run under another uid, and must pass through to their own folder.
  chmodSync(path, 0o711);
  writeFileSync(join(path, "owner"), `${process.pid} ${startOf(process.pid)}`);
  return {
    path,
    env: { TMPDIR: path, TEST_RUN: path },
    sweep: () => sweep(path),
    close: async () => {
      const ended = await sweep(path);
      rmSync(path, { recursive: true, force: true });
      return ended;
    },
  };
}

function abandoned(parent: string): string[] {
  return readdirSync(parent)
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(parent, name))
    .filter((path) => {
      const [pid, start] = read(join(path, "owner")).split(" ");
      // Pids come again: only the same pid with the same start time is the same process.
      return start !== undefined && startOf(Number(pid)) !== start;
    });
}

async function sweep(path: string): Promise<string[]> {
  const found = workingIn(path);
  const told = found.map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim()}`);
  const starts = new Map(found.map((pid) => [pid, startOf(pid)]));
  // SIGINT first: it is PostgreSQL's fast and clean stop.
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    for (const [pid, start] of starts) if (startOf(pid) === start) end(pid, signal);
    for (let round = 0; round < 30 && workingIn(path).length; round++) await pause(100);
  }
  return told;
}

function workingIn(path: string): number[] {
  return processes().filter((pid) => {
    if (pid === process.pid || stateOf(pid) === "Z") return false;
    const folder = link(`/proc/${pid}/cwd`);
    return folder.startsWith(`${path}/`) || read(`/proc/${pid}/environ`).split("\0").includes(`TEST_RUN=${path}`);
  });
}

function processes(): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

// The fields after the name, which stands in brackets and may hold anything.
const stat = (pid: number): string[] => read(`/proc/${pid}/stat`).split(") ").at(-1)!.split(" ");
const stateOf = (pid: number): string => stat(pid)[0] ?? "";
const startOf = (pid: number): string => stat(pid)[19] ?? "gone";

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function link(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return "";
  }
}
