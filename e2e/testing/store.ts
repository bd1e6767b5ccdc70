/** The server's own database, seen from outside: the socket of its embedded PostgreSQL. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { Server } from "./server.ts";

/** Opens the store of a running server as a witness that the server knows nothing of. */
export async function openStoreOf(server: Server): Promise<pg.Client> {
  // Line by line: pid, data folder, start, port, folder of the socket, and what TCP there is.
  const [, , , port, socketFolder] = readFileSync(join(server.dataDir, "store/postmaster.pid"), "utf8").split("\n");
  const client = new pg.Client({ host: socketFolder!, port: Number(port), user: "dayfly", database: "postgres" });
  client.on("error", () => {});
  await client.connect();
  return client;
}
