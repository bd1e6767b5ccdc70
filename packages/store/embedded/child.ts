/** How the server's programs are started: under its account, knowing nothing of ours. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type Account, explainRefusal, identity } from "./account.ts";
import { type Binaries, explainSpawn } from "./binaries.ts";
import { hasProc } from "./process.ts";

/**
 * The data folder as the server is told it. The server's account may be unable to walk there (a 0700 home above it),
 * but it can stand there: it is started in that folder, and this names it from inside.
 */
export function insideName(dataDir: string): string {
  return hasProc ? "/proc/self/cwd" : dataDir;
}

/**
 * Starts a program in the data folder, in a process group of its own: Ctrl-C goes to the terminal's whole group, and
 * SIGINT would end the server before we have ended our leases. It inherits none of our environment, which holds keys.
 */
export async function startProgram(
  binaries: Binaries,
  name: "initdb" | "postgres",
  args: string[],
  options: { account: Account; cwd: string; stdio: SpawnOptions["stdio"] },
): Promise<ChildProcess> {
  const program = join(binaries.folder, name);
  try {
    const child = spawn(program, args, {
      cwd: options.cwd,
      stdio: options.stdio,
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC", ...binaries.env },
      detached: true,
      ...identity(options.account),
    });
    await once(child, "spawn");
    return child;
  } catch (error) {
    throw explainRefusal(explainSpawn(error, program));
  }
}
