/** Coming to a server as its superuser, over its socket, and waiting until it lets us in. */
import pg from "pg";
import type { Log } from "./log.ts";

/** Where a server's socket is, and as whom to come. */
export interface AdminAddress {
  socketFolder: string;
  port: number;
  superuser: string;
}

/** Replaying WAL after a crash takes its time; past this something else is wrong. */
const READY_LIMIT_MS = 10 * 60_000;

/** Whether PostgreSQL itself refused; all else (no socket yet, cut off, starting, shutting down) may be otherwise soon. */
function isFinal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !error.code?.startsWith("57P");
}

/** Connects; undefined while the server says that it is starting, or does not listen yet. */
async function tryConnect(address: AdminAddress): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    host: address.socketFolder,
    port: address.port,
    user: address.superuser,
    // Nothing is left to PG* variables.
    database: "postgres",
    ssl: false,
    options: "-c client_encoding=UTF8",
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => {}); // a lost connection is met at the next query
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    if (isFinal(error)) throw error;
    return undefined;
  }
}

/** Connects as soon as the server lets us in; undefined when it is no longer alive, or the time is up. */
export async function waitForAdmin(
  address: AdminAddress,
  isAlive: () => boolean,
  log: Log,
): Promise<pg.Client | undefined> {
  const begin = performance.now();
  for (let told = false; isAlive(); ) {
    const admin = await tryConnect(address);
    if (admin) return admin;
    const waited = performance.now() - begin;
    if (waited > READY_LIMIT_MS) return undefined;
    if (waited > 5_000 && !told) {
      told = true;
      log.info({ socket: address.socketFolder }, "PostgreSQL is still starting: after a crash it replays its WAL");
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return undefined;
}
