/**
 * One supervisor a data folder. Without it a second start would take the first one's server for an orphan, adopt it,
 * and stop it when it ends. The claim is a listening socket: the kernel gives it back however we die.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { basename, dirname, join } from "node:path";
import { InUseElsewhere } from "./errors.ts";

/** Gives the claim back; doing so twice is fine. */
export type Release = () => Promise<void>;

/** Where the claim on a folder stands: a name without a file on Linux, a socket file elsewhere. */
function claimName(dataDir: string): string {
  const real = join(realpathSync(dirname(dataDir)), basename(dataDir));
  const name = createHash("sha256").update(real).digest("hex").slice(0, 32);
  return process.platform === "linux" ? `\0dayfly-${name}` : `/tmp/dayfly-${name}.claim`;
}

async function isHeld(name: string): Promise<boolean> {
  const probe = connect(name);
  try {
    await once(probe, "connect");
    return true;
  } catch {
    return false;
  } finally {
    probe.destroy();
  }
}

/**
 * Claims what the name stands for; `dataDir` is for the message.
 * @throws InUseElsewhere
 */
export async function claimAt(name: string, dataDir: string): Promise<Release> {
  for (let attempt = 1; ; attempt++) {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    try {
      server.listen(name);
      await once(server, "listening");
      return async () => {
        if (!server.listening) return;
        server.close();
        await once(server, "close");
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      if (attempt > 1 || name.startsWith("\0") || (await isHeld(name))) throw new InUseElsewhere(dataDir);
      rmSync(name); // left by a killed holder
    }
  }
}

/**
 * Claims the folder (its parent must be there).
 * @throws InUseElsewhere
 */
export function claim(dataDir: string): Promise<Release> {
  return claimAt(claimName(dataDir), dataDir);
}
