/** Finding a server that outlived its parent (kill -9 of node leaves it running) and taking it over by its socket. */
import { waitForAdmin } from "./admin.ts";
import { endServer, waitForLeftovers } from "./end.ts";
import { clearStaleLock, type Lock, readLock } from "./lock.ts";
import { hasProc, isLive, postgresIn } from "./process.ts";
import { describeServer, type Server, type ServerOptions } from "./server.ts";

async function takeOver(options: ServerOptions, lock: Lock): Promise<Server | undefined> {
  const isGone = () => !isLive(lock.pid);
  // A refusal (its files of access name another user than us) is no reason to fail: it is ended and started anew.
  const admin = await waitForAdmin({ ...lock, superuser: options.superuser }, () => !isGone(), options.log).catch(
    () => undefined,
  );
  return admin && describeServer(options, { lock, admin, adopted: true, isGone });
}

/**
 * Takes over the server that runs in the folder. One that does not fit (another port, an older version) is ended; the
 * lock of a killed one is removed.
 */
export async function adopt(options: ServerOptions, fits: (server: Server) => boolean): Promise<Server | undefined> {
  const { dataDir, account, log } = options;
  if (!hasProc) return undefined;
  const lock = readLock(dataDir);
  if (!lock) return undefined;
  if (postgresIn(dataDir, account).includes(lock.pid)) {
    const server = await takeOver(options, lock);
    if (server && fits(server)) return server;
    await server?.admin.end();
    log.warn({ dataDir, pid: lock.pid }, "ending a PostgreSQL that outlived its parent and cannot be adopted");
    await endServer(lock.pid);
  }
  await waitForLeftovers(dataDir, account);
  if (clearStaleLock(dataDir, account)) log.info({ dataDir }, "removed the lock of a killed PostgreSQL");
  return undefined;
}
