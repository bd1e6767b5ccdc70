/**
 * A Dayfly server as its own process, in a data directory of its own.
 *
 * Owns starting, stopping and killing it with everything it started. It knows the server's documented environment and
 * `bootstrap.json`, and nothing of its inside.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isAlive, killAll, treeOf } from "./processes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the first start leaves for its operator. */
export interface Bootstrap {
  url: string;
  organizationId: string;
  admin: { email: string; password: string };
  identity: { id: string; clientId: string; clientSecret: string };
}

/** How a server is run where it is not as everywhere. */
export interface ServerOptions {
  /** Another checkout than this one. */
  checkout?: string;
  /** Flags of node itself. */
  nodeFlags?: string[];
  /** Its log goes nowhere: a load writes more of it than anybody reads. */
  unheard?: boolean;
}

/** A server that answers. */
export interface Server {
  url: string;
  /** Of its node, in this life. */
  pid(): number;
  dataDir: string;
  /** Only the first of several nodes on one database has it. */
  readonly bootstrap: Bootstrap;
  /** Milliseconds until it was ready. */
  startedIn: number;
  /** All that it and its earlier lives have printed. */
  output(): string;
  /** SIGKILL for node and its database, all at once and in no order, or for node alone: its database then runs on. */
  kill(what?: "tree" | "node"): Promise<void>;
  /** Starts it again over the same data, on the same port, perhaps with more settings, perhaps by another program. */
  restart(env?: Record<string, string>, program?: string): Promise<void>;
  /** As `restart`, but does not wait until it is ready; `ready` does. */
  launch(env?: Record<string, string>, program?: string): void;
  ready(): Promise<void>;
  /** Resolves when node has ended, by whatever hand, with its exit code or signal; its database may run on. */
  ended(): Promise<number | string | null>;
  /** SIGTERM; resolves with the exit code once nothing of it runs. */
  stop(): Promise<number | null>;
  /** Stops it if it runs, and deletes its data. */
  remove(): Promise<void>;
}

interface Run {
  child: ChildProcess;
  exit: Promise<number | null>;
}

/** Starts a server and waits until it is ready. */
export async function startServer(env: Record<string, string> = {}, options: ServerOptions = {}): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), "dayfly-e2e-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let printed = "";
  let run: Run | null = null;

  const launch: Server["launch"] = (more = {}, program = "packages/server/serve.mjs") => {
    if (run) running.delete(run.child);
    const settings = { DAYFLY_DATA_DIR: dataDir, PORT: String(port), ...env, ...more };
    run = spawnServer(program, settings, options, (text) => {
      printed += text;
    });
  };
  const restart: Server["restart"] = async (more, program) => {
    launch(more, program);
    await ready(url, run!, () => printed);
  };
  const stop = async (): Promise<number | null> => {
    if (!run) return null;
    const { child, exit } = run;
    const tree = everythingOf(child, dataDir);
    run = null;
    child.kill("SIGTERM");
    const code = await within(40_000, exit, () => `the server did not stop\n${printed}`);
    await until(5_000, () => !tree.some(isAlive), "something of a stopped server still runs");
    running.delete(child);
    return code;
  };

  const began = performance.now();
  try {
    await restart();
  } catch (error) {
    killAll(everythingOf(run!.child, dataDir));
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  }
  return {
    url,
    pid: () => run!.child.pid!,
    dataDir,
    startedIn: performance.now() - began,
    get bootstrap() {
      return JSON.parse(readFileSync(join(dataDir, "bootstrap.json"), "utf8")) as Bootstrap;
    },
    output: () => printed,
    async kill(what = "tree") {
      const { child, exit } = run!;
      const tree = what === "node" ? nodeOf(child) : everythingOf(child, dataDir);
      run = null;
      killAll(tree.sort(() => Math.random() - 0.5));
      await exit;
      await until(5_000, () => !tree.some(isAlive), "something outlived SIGKILL");
      running.delete(child);
    },
    restart,
    launch,
    ready: () => ready(url, run!, () => printed),
    async ended() {
      const { child, exit } = run!;
      await exit;
      return child.exitCode ?? child.signalCode;
    },
    stop,
    async remove() {
      try {
        await stop();
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
  };
}

// A test that fails half-way must leave nothing running.
const running = new Map<ChildProcess, string>();
process.on("exit", () => {
  for (const [child, dataDir] of running) killAll(everythingOf(child, dataDir));
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** Node, what it started, and its database, which is nobody's child once an earlier node was killed. */
function everythingOf(child: ChildProcess, dataDir: string): number[] {
  const tree = nodeOf(child).flatMap(treeOf);
  return [...new Set([...tree, ...databaseOf(dataDir)])];
}

/** The pid of node; nothing once it has ended, since the pid may be another's by then. */
function nodeOf(child: ChildProcess): number[] {
  return child.exitCode === null && child.signalCode === null ? [child.pid!] : [];
}

/** The processes of the embedded database of a data folder, its parent first; none when it does not run. */
export function databaseOf(dataDir: string): number[] {
  const lock = join(dataDir, "store/postmaster.pid");
  const database = existsSync(lock) ? Number(readFileSync(lock, "utf8").split("\n")[0]) : Number.NaN;
  return isAlive(database) ? treeOf(database) : [];
}

function spawnServer(
  program: string,
  env: Record<string, string>,
  options: ServerOptions,
  print: (text: string) => void,
): Run {
  const { checkout = root, nodeFlags = [], unheard = false } = options;
  const node = join(root, "node_modules/.bin/node");
  const child = spawn(node, ["--disable-sigusr1", ...nodeFlags, join(checkout, program)], {
    cwd: checkout,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ALLOW_LOOPBACK_TARGETS: "true",
      MIN_LEASE_TTL: "1s",
      ...env,
    },
    stdio: ["ignore", unheard ? "ignore" : "pipe", "pipe"],
  });
  running.set(child, env.DAYFLY_DATA_DIR!);
  child.stdout?.setEncoding("utf8").on("data", print);
  child.stderr!.setEncoding("utf8").on("data", print);
  const exit = new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { child, exit };
}

async function ready(url: string, { child }: Run, printed: () => string): Promise<void> {
  const answers = async (): Promise<boolean> => {
    const end = child.exitCode ?? child.signalCode;
    if (end !== null) throw new Error(`the server ended with ${end}\n${printed()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    return answer?.status === 200;
  };
  await until(60_000, answers, () => `the server is not ready\n${printed()}`);
}

/** Asks again and again until it is so. @throws after `ms`. */
export async function until(
  ms: number,
  holds: () => boolean | Promise<boolean>,
  complaint: string | (() => string | Promise<string>),
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(typeof complaint === "string" ? complaint : await complaint());
    await pause(25);
  }
}

function within<T>(ms: number, promise: Promise<T>, complaint: () => string): Promise<T> {
  const late = pause(ms, undefined, { ref: false }).then(() => Promise.reject(new Error(complaint())));
  return Promise.race([promise, late]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
