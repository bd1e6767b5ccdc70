/** Which TCP port a server listens on: the asked one, the one it had before, or a free one. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";

const FILE = "dayfly.port";

/** Whether the port can be listened on at loopback; 0 asks for any. Answers with the port, or undefined. */
export async function freePort(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}

/** The port kept in the data folder, under which clients know the server. */
export function keptPort(dataDir: string): number | undefined {
  try {
    return Number(readFileSync(join(dataDir, FILE), "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

/** The name of the file in the data folder that keeps the port. */
export const portFile: string = FILE;
