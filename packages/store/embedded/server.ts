/**
 * One server process on one data folder: found alive and adopted, or started; waited for; ended.
 *
 * It is ended by SIGINT to its pid (PostgreSQL's fast shutdown) and never taken down with us: whoever starts next finds
 * it by its socket.
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { makeSocketFolder, removeSocketFolder } from "./access.ts";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { insideName, startProgram } from "./child.ts";
import { DidNotStart } from "./errors.ts";
import { openToAppend } from "./files.ts";
import { clearStaleLock, type Lock, readLock } from "./lock.ts";
import type { Log } from "./log.ts";
import { hasProc, isLive, postgresIn, until } from "./process.ts";

export interface ServerOptions {
  dataDir: string;
  superuser: string;
  account: Account;
  binaries: Binaries;
  port: number;
  /** Set on the command line: they win over every file. */
  settings: Record<string, string>;
  log: Log;
}

/** A server that answers. */
export interface Server {
  pid: number;
  socketFolder: string;
  port: number;
  adopted: boolean;
  version: string;
  /** A session of the superuser; the caller ends it. */
  admin: pg.Client;
  stop(): Promise<void>;
}

/** Replaying WAL after a crash takes its time; past this something else is wrong. */
const READY_LIMIT_MS = 10 * 60_000;
/** How long a fast shutdown may take before the harder one, which is safe too but must replay at the next start. */
const STOP_LIMIT_MS = 60_000;
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

/** How the superuser connects over the socket. Nothing is left to PG* variables. */
export function adminConnection(socketFolder: string, port: number, superuser: string): pg.ClientConfig {
  return {
    host: socketFolder,
    port,
    user: superuser,
    database: "postgres",
    ssl: false,
    options: "-c client_encoding=UTF8",
  };
}

/** Connects as the superuser; undefined while the server says that it is starting, or does not listen yet. */
async function tryConnect(options: ServerOptions, socketFolder: string, port: number): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    ...adminConnection(socketFolder, port, options.superuser),
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => {}); // a lost connection is met at the next query
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    const code = (error as { code?: string }).code;
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "57P03") return undefined;
    throw error;
  }
}

async function waitForAdmin(options: ServerOptions, lock: Lock, alive: () => boolean): Promise<pg.Client | undefined> {
  const begin = performance.now();
  for (let told = false; alive(); ) {
    const admin = await tryConnect(options, lock.socketFolder, lock.port);
    if (admin) return admin;
    const waited = performance.now() - begin;
    if (waited > READY_LIMIT_MS) return undefined;
    if (waited > 5_000 && !told) {
      told = true;
      options.log.info({ dataDir: options.dataDir }, "PostgreSQL is still starting: after a crash it replays its WAL");
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return undefined;
}

/** Ends a server by its pid and waits until it is gone. */
export async function endServer(pid: number, isGone: () => boolean = () => !isLive(pid)): Promise<void> {
  for (const [signal, limit] of [
    ["SIGINT", STOP_LIMIT_MS],
    ["SIGQUIT", STOP_LIMIT_MS],
  ] as const) {
    if (isGone()) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    if (await until(isGone, limit)) return;
  }
  throw new Error(`PostgreSQL (pid ${pid}) does not end`);
}

async function finish(
  options: ServerOptions,
  found: { pid: number; lock: Lock; admin: pg.Client; adopted: boolean; isGone: () => boolean },
): Promise<Server> {
  const { rows } = await found.admin.query<{ server_version: string }>("show server_version");
  return {
    pid: found.pid,
    socketFolder: found.lock.socketFolder,
    port: found.lock.port,
    adopted: found.adopted,
    version: rows[0]!.server_version.split(" ")[0]!,
    admin: found.admin,
    async stop() {
      await endServer(found.pid, found.isGone);
      removeSocketFolder(found.lock.socketFolder, options.account);
    },
  };
}

/** Waits until what a dead server left running in the folder is gone. */
async function waitForLeftovers(dataDir: string): Promise<void> {
  if (await until(() => postgresIn(dataDir).length === 0, 10_000)) return;
  // A busy backend does not notice that its server is gone. SIGQUIT is what the server itself would have sent.
  for (const pid of postgresIn(dataDir)) process.kill(pid, "SIGQUIT");
  if (await until(() => postgresIn(dataDir).length === 0, 10_000)) return;
  throw new Error(`processes ${postgresIn(dataDir).join(", ")} still work in ${dataDir}: end them and start again`);
}

/** Takes over a server that outlived its parent; ends it where it is not as it should be. */
async function adopt(options: ServerOptions, fits: (server: Server) => boolean): Promise<Server | undefined> {
  const { dataDir } = options;
  if (!hasProc) return undefined;
  const lock = readLock(dataDir);
  const live = postgresIn(dataDir);
  if (lock && live.includes(lock.pid)) {
    const admin = await waitForAdmin(options, lock, () => isLive(lock.pid)).catch(() => undefined);
    if (admin) {
      const isGone = () => !isLive(lock.pid);
      const server = await finish(options, { pid: lock.pid, lock, admin, adopted: true, isGone });
      if (fits(server)) return server;
      await admin.end();
    }
    options.log.warn({ dataDir, pid: lock.pid }, "ending a PostgreSQL that outlived its parent and cannot be adopted");
    await endServer(lock.pid);
  }
  await waitForLeftovers(dataDir);
  if (clearStaleLock(dataDir, options.account))
    options.log.info({ dataDir }, "removed the lock of a killed PostgreSQL");
  return undefined;
}

function openLog(options: ServerOptions): { path: string; file: number; from: number } {
  const path = join(options.dataDir, "server.log");
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
  const file = openToAppend(path, options.account);
  return { path, file, from: size > LOG_LIMIT_BYTES ? 0 : size };
}

async function start(options: ServerOptions): Promise<Server> {
  const { dataDir, account } = options;
  const socketFolder = makeSocketFolder(account);
  const serverLog = openLog(options);
  const lastWords = () => readFileSync(serverLog.path).subarray(serverLog.from).toString().trim().slice(-4_000);
  const settings = { ...options.settings, port: String(options.port), unix_socket_directories: socketFolder };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let child: ChildProcess;
  try {
    child = await startProgram(options.binaries, "postgres", ["-D", insideName(dataDir), ...args], {
      account,
      cwd: dataDir,
      stdio: ["ignore", serverLog.file, serverLog.file],
    });
  } catch (error) {
    removeSocketFolder(socketFolder, account);
    throw error;
  } finally {
    closeSync(serverLog.file);
  }
  child.unref();
  const pid = child.pid!;
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  const lock: Lock = { pid, port: options.port, socketFolder };
  try {
    const admin = await waitForAdmin(options, lock, () => !isGone());
    if (!admin) throw new DidNotStart(dataDir, lastWords());
    return await finish(options, { pid, lock, admin, adopted: false, isGone });
  } catch (error) {
    await endServer(pid, isGone);
    removeSocketFolder(socketFolder, account);
    throw error;
  }
}

/** Brings a server up on a data folder that is there: adopts the one that runs, if it fits, or starts one. */
export async function bringUp(options: ServerOptions, fits: (server: Server) => boolean): Promise<Server> {
  return (await adopt(options, fits)) ?? (await start(options));
}
