/** Processes as Linux shows them in /proc: who started whom, and who still runs. */
import { readdirSync, readFileSync } from "node:fs";

interface Stat {
  state: string;
  parent: number;
}

function statOf(pid: number): Stat | null {
  try {
    // The name in brackets may hold anything, brackets too.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return { state: state!, parent: Number(parent) };
  } catch {
    return null;
  }
}

/** A process and all its descendants, itself first. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const one of tree) tree.push(...(children.get(one) ?? []));
  return tree;
}

/** Whether it runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== "Z" && stat.state !== "X";
}

/** SIGKILL for each; those that are gone already do not matter. */
export function killAll(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {}
  }
}
