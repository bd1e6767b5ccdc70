/**
 * The supervisor of the embedded PostgreSQL: a real server in its own process, made, started, found again and ended
 * with no step by hand. It also launches the demo's target and the servers of tests.
 *
 * Owns: the data folder, the account, the socket, the order of starting and ending. Knows nothing of what is kept in it.
 */
import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import pg from "pg";
import { writeAccess } from "./access.ts";
import { type Account, accountFor, explainRefusal, STORE_UID, TARGET_UID } from "./account.ts";
import { adopt } from "./adopt.ts";
import { type Binaries, embeddedBinaries } from "./binaries.ts";
import { claim } from "./claim.ts";
import { ensureCluster } from "./cluster.ts";
import { checkDurable } from "./durable.ts";
import { endAtExit, forget } from "./end.ts";
import { DidNotStart } from "./errors.ts";
import { putFile } from "./files.ts";
import { keepRunning } from "./keep.ts";
import { launch } from "./launch.ts";
import { type Log, quiet } from "./log.ts";
import { freePort, keptPort, portFile } from "./port.ts";
import type { Server, ServerOptions } from "./server.ts";

export * from "./errors.ts";
export type { Log } from "./log.ts";

/** A server for others than the store: on TCP at 127.0.0.1, by password. */
export interface TargetOptions {
  /** 0: the port it had before, or a free one. */
  port: number;
  /** Of the superuser `postgres`. */
  superuserPassword: string;
  /** Off: faster, and a power cut may destroy it. For tests. */
  fsync: boolean;
}

export interface EmbeddedOptions {
  dataDir: string;
  as?: "store" | TargetOptions;
  /** Which uid a new folder gets when we are root. */
  uid?: number;
  log?: Log;
  /** Another PostgreSQL than the one of the package. */
  binaries?: (account: Account) => Binaries;
  /** Settings for the server's command line. */
  settings?: Record<string, string>;
}

/** A server that runs; one of the store that ends by itself is started again, at the same address. */
export interface Embedded {
  connection: pg.PoolConfig;
  /** At the start. */
  pid: number;
  version: string;
  /** It was running already: its former parent was killed. */
  adopted: boolean;
  /** Ends the server and waits until it is gone. */
  stop(): Promise<void>;
}

const SUPERUSER = { store: "dayfly", target: "postgres" };

/** What no server of ours does: write statements, which may carry passwords, to its log. */
const always = { log_min_error_statement: "panic", log_checkpoints: "off", unix_socket_permissions: "0700" };

// Half of what PostgreSQL takes unasked: the system's own cache holds the rest, and gives it back when others need it.
const small = { shared_buffers: "64MB" };

function settingsFor(as: "store" | TargetOptions): Record<string, string> {
  if (as === "store") return { ...always, ...small, listen_addresses: "" };
  const loose = { fsync: "off", full_page_writes: "off", synchronous_commit: "off" };
  return { ...always, listen_addresses: "127.0.0.1", ...(as.fsync ? {} : loose) };
}

async function portFor(dataDir: string, as: "store" | TargetOptions): Promise<number> {
  if (as === "store") return 5432; // only a part of the socket's name
  const kept = keptPort(dataDir);
  return as.port || (kept && (await freePort(kept))) || (await freePort(0))!;
}

/** Another program took the port between our look and the server's. */
function lostPort(error: unknown): boolean {
  return error instanceof DidNotStart && error.message.includes("could not create any TCP/IP sockets");
}

async function prepare(server: Server, as: "store" | TargetOptions, dataDir: string): Promise<void> {
  if (as === "store") return checkDurable(server.admin, dataDir);
  const password = pg.escapeLiteral(as.superuserPassword);
  await server.admin.query(`alter role ${SUPERUSER.target} password ${password}`);
}

function connectionOf(server: Server, as: "store" | TargetOptions): pg.PoolConfig {
  if (as === "store") {
    // Terse: a refused row is not written to the log.
    const options = "-c log_error_verbosity=terse";
    return {
      host: server.socketFolder,
      port: server.port,
      user: SUPERUSER.store,
      database: "postgres",
      ssl: false,
      options,
    };
  }
  const { port } = server;
  return {
    host: "127.0.0.1",
    port,
    user: SUPERUSER.target,
    password: as.superuserPassword,
    database: "postgres",
    ssl: false,
  };
}

async function runOn(dataDir: string, options: EmbeddedOptions): Promise<{ server: Server; wanted: ServerOptions }> {
  const as = options.as ?? "store";
  const log = options.log ?? quiet;
  const superuser = as === "store" ? SUPERUSER.store : SUPERUSER.target;
  const account = accountFor(dataDir, options.uid ?? (as === "store" ? STORE_UID : TARGET_UID));
  const binaries = (options.binaries ?? embeddedBinaries)(account);
  const fsync = as === "store" || as.fsync;
  await ensureCluster({ dataDir, superuser, account, binaries, fsync });
  const tcp = as === "store" ? [] : ["host all all 127.0.0.1/32 scram-sha-256"];
  writeAccess(dataDir, account, { superuser, tcp });
  for (let attempt = 1; ; attempt++) {
    const port = await portFor(dataDir, as);
    const settings = { ...settingsFor(as), ...options.settings };
    const wanted: ServerOptions = { dataDir, superuser, account, binaries, port, settings, log };
    const fits = (found: Server) =>
      found.version === binaries.version && (as === "store" || as.port === 0 || as.port === found.port);
    try {
      const server = (await adopt(wanted, fits)) ?? (await launch(wanted));
      if (as !== "store") putFile(dataDir, portFile, String(server.port), account);
      return { server, wanted };
    } catch (error) {
      if (as === "store" || as.port !== 0 || attempt === 3 || !lostPort(error)) throw error;
    }
  }
}

/**
 * Starts the embedded server on a data folder, which is made if it is not there; adopts the one that runs there if its
 * parent was killed.
 * @throws CannotRunHere, DidNotStart, InUseElsewhere, NotDurable
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataDir = resolve(options.dataDir);
  const as = options.as ?? "store";
  mkdirSync(dirname(dataDir), { recursive: true, mode: 0o700 });
  const release = await claim(dataDir);
  try {
    const { server, wanted } = await runOn(dataDir, options);
    if (as !== "store") endAtExit(server.pid);
    try {
      await prepare(server, as, dataDir);
    } catch (error) {
      await server.stop();
      forget(server.pid);
      throw error;
    } finally {
      await server.admin.end().catch(() => {});
    }
    // What was started for others, they may end.
    const kept = as === "store" ? keepRunning(server, wanted) : server;
    const { pid, version, adopted } = server;
    return {
      connection: connectionOf(server, as),
      pid,
      version,
      adopted,
      async stop() {
        await kept.stop();
        forget(pid);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw explainRefusal(error);
  }
}
