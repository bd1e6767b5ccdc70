/** What processes use, as Linux counts it: processor time to a hundredth of a second, and memory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { treeOf } from "../../e2e/testing/processes.ts";

const TICKS = 100;

/** Seconds of processor time that a process and the children it has buried have used; 0 when it is gone. */
function used(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
  } catch {
    return 0;
  }
}

/** The same of this machine, idle time left out. */
function usedByAll(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "utf8").split(/\s+/).slice(1).map(Number);
  return (user! + nice! + system! + irq! + softirq!) / TICKS;
}

/** Processor time of one load, in seconds. */
export interface Cpu {
  /** Our server's node. */
  server: number;
  /** The server's own PostgreSQL. */
  store: number;
  /** The PostgreSQL in which accounts are made. */
  target: number;
  driver: number;
  /** All that had nothing to do with it: how noisy the machine was. */
  others: number;
}

/** Whose time is told apart; each by the process that stands above its kind. */
export interface Watched {
  server: number | null;
  store: number | null;
  target: number | null;
}

/** Starts counting; what it gives ends it. */
export function meter(watched: Watched): () => Cpu {
  const look = (): Cpu => {
    const { server, store, target } = watched;
    const tree = (pid: number | null): number =>
      pid === null ? 0 : treeOf(pid).reduce((sum, one) => sum + used(one), 0);
    const { user, system } = process.cpuUsage();
    const cpu = {
      // Its database is its child and counted by itself.
      server: server === null ? 0 : used(server),
      store: tree(store),
      target: tree(target),
      driver: (user + system) / 1e6,
    };
    return { ...cpu, others: usedByAll() - cpu.server - cpu.store - cpu.target - cpu.driver };
  };
  const before = look();
  return () => {
    const after = look();
    const spent = (part: keyof Cpu): number => Math.max(0, after[part] - before[part]);
    return {
      server: spent("server"),
      store: spent("store"),
      target: spent("target"),
      driver: spent("driver"),
      others: spent("others"),
    };
  };
}

function kilobytes(file: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"));
  return Number(found?.[1] ?? 0);
}

/** Megabytes of one process. */
export function residentOf(pid: number): number {
  return kilobytes(`/proc/${pid}/status`, "VmRSS") / 1024;
}

/** Megabytes of a process and its descendants; what they share counts once. */
export function proportionalOf(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + kilobytes(`/proc/${one}/smaps_rollup`, "Pss"), 0) / 1024;
}

/** The first process of a server's own PostgreSQL. */
export function postmasterOf(server: { dataDir: string }): number {
  return Number(readFileSync(join(server.dataDir, "store/postmaster.pid"), "utf8").split("\n")[0]);
}

/** The parent of a process. */
export function parentOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ")[1]);
}
