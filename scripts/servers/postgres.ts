/** Real PostgreSQL servers for tests, each in a folder of its own that goes with it. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded } from "../../packages/store/embedded/index.ts";

/** A server under test: where it is and its superuser. */
export interface PostgresServer {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  stop(): Promise<void>;
}

/** Starts PostgreSQL 18, the one of the npm package. */
export async function postgres18(options: { settings?: Record<string, string> } = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "dayfly-test-postgres18-"));
  const password = randomBytes(16).toString("hex");
  const server = await startEmbedded({
    dataDir: join(folder, "data"),
    as: { port: 0, superuserPassword: password, fsync: false },
    settings: options.settings,
  });
  return {
    host: "127.0.0.1",
    port: server.connection.port!,
    database: "postgres",
    user: "postgres",
    password,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
