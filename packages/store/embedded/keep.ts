/**
 * Keeping a server running: one that ends without having been asked to is started again, for as long as we live.
 *
 * It comes back on the same socket, so whoever holds its address goes on as after any lost connection. Owns when a start is
 * tried again; the folder is ours meanwhile, by the claim that our caller holds.
 */
import { emptySocketFolder } from "./access.ts";
import { waitForLeftovers } from "./end.ts";
import { launch } from "./launch.ts";
import { removeStaleLock } from "./lock.ts";
import { hasProc } from "./process.ts";
import type { Server, ServerOptions } from "./server.ts";

const LOOK_MS = 100;
/** Between two starts that failed. */
const AGAIN_MS = 5_000;

/** A server and all that come after it. */
export interface Kept {
  /** Ends the one that runs, for good. */
  stop(): Promise<void>;
}

/** Looks after a server that runs. */
export function keepRunning(first: Server, options: ServerOptions): Kept {
  const { log, dataDir } = options;
  let server = first;
  let stopping = false;
  let wake = (): void => {};
  const nap = (ms: number) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, ms).unref();
    });

  const watch = async (): Promise<void> => {
    while (!stopping) {
      if (!server.isGone()) await nap(LOOK_MS);
      else {
        try {
          server = await startAgain(server, options);
          log.warn({ dataDir, pid: server.pid }, "PostgreSQL had ended by itself and runs again");
        } catch (error) {
          log.error({ dataDir, err: error }, "PostgreSQL does not start again: server.log in that folder says why");
          await nap(AGAIN_MS);
        }
      }
    }
  };
  const watching = watch();
  return {
    async stop() {
      stopping = true;
      wake();
      await watching;
      await server.stop();
    },
  };
}

async function startAgain(dead: Server, options: ServerOptions): Promise<Server> {
  const { dataDir, account } = options;
  if (hasProc) {
    await waitForLeftovers(dataDir, account);
    removeStaleLock(dataDir, account);
  }
  emptySocketFolder(dead.socketFolder, account);
  const server = await launch(options, dead.socketFolder);
  await server.admin.end();
  return server;
}
