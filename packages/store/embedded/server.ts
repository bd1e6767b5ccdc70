/** One server process on one data folder: what it is told, what is known of it once it answers. */
import type pg from "pg";
import { removeSocketFolder } from "./access.ts";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { endServer } from "./end.ts";
import type { Lock } from "./lock.ts";
import type { Log } from "./log.ts";

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
  /** As in "18.4". */
  version: string;
  /** A session of the superuser; the caller ends it. */
  admin: pg.Client;
  isGone(): boolean;
  /** Ends the server and waits until it is gone. */
  stop(): Promise<void>;
}

/** Puts together what is known of a server that let us in. */
export async function describeServer(
  options: ServerOptions,
  found: { lock: Lock; admin: pg.Client; adopted: boolean; isGone: () => boolean },
): Promise<Server> {
  const { lock, admin, adopted, isGone } = found;
  const { rows } = await admin.query<{ server_version: string }>("show server_version");
  return {
    pid: lock.pid,
    socketFolder: lock.socketFolder,
    port: lock.port,
    adopted,
    version: rows[0]!.server_version.split(" ")[0]!,
    admin,
    isGone,
    async stop() {
      await endServer(lock.pid, isGone);
      removeSocketFolder(lock.socketFolder, options.account);
    },
  };
}
