/**
 * A folder for one server under test. It says whose it is; where that process was killed, the next run ends what still
 * works in the folder and removes it.
 */
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { isLive, processFacts, until } from "../../packages/store/embedded/process.ts";

const prefix = "dayfly-test-";

/** Makes the folder; servers under another uid can pass it, not list it. The caller removes it when its server has ended. */
export async function openRoom(name: string): Promise<string> {
  await sweep();
  endWithSignals();
  const room = mkdtempSync(join(tmpdir(), `${prefix}${name}-`));
  chmodSync(room, 0o711);
  writeFileSync(join(room, "owner"), `${process.pid} ${processFacts(process.pid)?.startTime}`);
  return room;
}

let listening = false;

/** A signal ends a process without its exit hooks, which end the servers: let it exit instead. */
function endWithSignals(): void {
  if (listening) return;
  listening = true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // Who listens beside us ends in its own way.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

/** Whether the process that opened the room, as us, is gone. A pid comes again; with the same start time it is the same. */
function isAbandoned(room: string): boolean {
  try {
    const facts = lstatSync(room);
    if (!facts.isDirectory() || facts.uid !== process.getuid?.()) return false;
    const [pid, startTime] = readFileSync(join(room, "owner"), "utf8").split(" ");
    return processFacts(Number(pid))?.startTime !== startTime;
  } catch {
    return false; // just being made
  }
}

function workingIn(room: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readlinkSync(`/proc/${pid}/cwd`).startsWith(`${room}/`) && isLive(pid);
      } catch {
        return false;
      }
    });
}

function endAll(room: string, signal: NodeJS.Signals): void {
  for (const pid of workingIn(room)) {
    try {
      process.kill(pid, signal);
    } catch {
      // ended meanwhile
    }
  }
}

/** Ends the servers of killed runs and removes their folders. */
export async function sweep(parent = tmpdir()): Promise<void> {
  if (!processFacts(process.pid)) return; // no /proc: nobody can be told apart
  for (const name of readdirSync(parent)) {
    const room = join(parent, name);
    if (!name.startsWith(prefix) || !isAbandoned(room)) continue;
    endAll(room, "SIGINT");
    if (!(await until(() => workingIn(room).length === 0, 10_000))) endAll(room, "SIGKILL");
    rmSync(room, { recursive: true, force: true });
  }
}
