/** Starting a server on a data folder that is there, and waiting until it answers. */
import type { ChildProcess } from "node:child_process";
import { closeSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeSocketFolder, removeSocketFolder } from "./access.ts";
import { waitForAdmin } from "./admin.ts";
import { insideName, startProgram } from "./child.ts";
import { endServer } from "./end.ts";
import { DidNotStart } from "./errors.ts";
import { openToAppend } from "./files.ts";
import { describeServer, type Server, type ServerOptions } from "./server.ts";

const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

interface ServerLog {
  file: number;
  /** What was written since it was opened, its last part. */
  lastWords(): string;
}

/** A file, not a pipe: the server goes on when we are killed. */
function openServerLog(options: ServerOptions): ServerLog {
  const path = join(options.dataDir, "server.log");
  let from = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (from > LOG_LIMIT_BYTES) {
    renameSync(path, `${path}.1`);
    from = 0;
  }
  const file = openToAppend(path, options.account);
  return { file, lastWords: () => readFileSync(path).subarray(from).toString().trim().slice(-4_000) };
}

async function spawnServer(options: ServerOptions, socketFolder: string, log: number): Promise<ChildProcess> {
  const settings = { ...options.settings, port: String(options.port), unix_socket_directories: socketFolder };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return startProgram(options.binaries, "postgres", ["-D", insideName(options.dataDir), ...args], {
    account: options.account,
    cwd: options.dataDir,
    stdio: ["ignore", log, log],
  });
}

/** Tells when the server ends without having been asked to. */
function watched(server: Server, child: ChildProcess, options: ServerOptions): Server {
  let asked = false;
  child.once("exit", (code, signal) => {
    if (asked) return;
    options.log.error({ dataDir: options.dataDir, code, signal }, "PostgreSQL ended by itself");
  });
  const stop = () => {
    asked = true;
    return server.stop();
  };
  return { ...server, stop };
}

/**
 * Starts a server, on a socket in a folder of its own or in `given`, which stays whatever comes of it.
 * @throws DidNotStart with its last words; the data folder is left as it is.
 */
export async function launch(options: ServerOptions, given?: string): Promise<Server> {
  const { dataDir, account, superuser, port, log } = options;
  const socketFolder = given ?? makeSocketFolder(account);
  const serverLog = openServerLog(options);
  let child: ChildProcess | undefined;
  const isGone = () => !child || child.exitCode !== null || child.signalCode !== null;
  try {
    child = await spawnServer(options, socketFolder, serverLog.file);
    child.unref();
    const lock = { pid: child.pid!, port, socketFolder };
    const admin = await waitForAdmin({ socketFolder, port, superuser }, () => !isGone(), log);
    if (!admin) throw new DidNotStart(dataDir, serverLog.lastWords());
    return watched(await describeServer(options, { lock, admin, adopted: false, isGone }), child, options);
  } catch (error) {
    if (child) await endServer(child.pid!, isGone);
    if (given === undefined) removeSocketFolder(socketFolder, account);
    throw error;
  } finally {
    closeSync(serverLog.file);
  }
}
