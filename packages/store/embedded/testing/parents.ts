/** Starts a parent of a server as a process of its own, and kills it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type pg from "pg";
import type { EmbeddedOptions } from "../index.ts";

/** What a parent said: the server it started, or why it could not. */
export interface Said {
  connection: pg.PoolConfig;
  pid: number;
  adopted: boolean;
  name?: string;
  message?: string;
}

export interface Parent {
  process: ChildProcess;
  said: Said;
}

/** Starts a parent, in a process group of its own; `wrap` is a command that runs it, such as `setpriv`. */
export async function startParent(
  t: TestContext,
  options: EmbeddedOptions,
  how: { wrap?: string[]; env?: Record<string, string> } = {},
): Promise<Parent> {
  const script = fileURLToPath(new URL("./parent.ts", import.meta.url));
  const [program, ...args] = [...(how.wrap ?? []), process.execPath, script, JSON.stringify(options)];
  const env = { ...process.env, ...how.env };
  const child = spawn(program!, args, { detached: true, stdio: ["ignore", "pipe", "inherit"], env });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout! });
  const [line] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [string?];
  if (!line) throw new Error("the parent ended without a word");
  return { process: child, said: JSON.parse(line) };
}

/** Kills a parent with no chance to clean up, and waits until it is gone. */
export async function kill9(parent: Parent): Promise<void> {
  const gone = once(parent.process, "exit");
  parent.process.kill("SIGKILL");
  await gone;
}
