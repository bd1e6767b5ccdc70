/** Real PostgreSQL servers for tests, each in a folder of its own that goes with it. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { type Account, accountFor, TARGET_UID } from "../../packages/store/embedded/account.ts";
import { type Binaries, ROOT_CACHE } from "../../packages/store/embedded/binaries.ts";
import { copyOnce } from "../../packages/store/embedded/copy.ts";
import { putFile } from "../../packages/store/embedded/files.ts";
import { type EmbeddedOptions, startEmbedded } from "../../packages/store/embedded/index.ts";
import { debian, libraries } from "./debian.ts";
import { openRoom } from "./room.ts";
import { type Flaw, makeCertificate } from "./tls.ts";

/** A server under test: where it is and its superuser. */
export interface PostgresServer {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  stop(): Promise<void>;
}

/** Settings for the server's command line, such as `max_connections`. */
export interface PostgresOptions {
  settings?: Record<string, string>;
}

async function start(name: string, options: Pick<EmbeddedOptions, "settings" | "binaries">) {
  const room = await openRoom(name);
  const dataDir = join(room, "data");
  const password = randomBytes(16).toString("hex");
  const target = { port: 0, superuserPassword: password, fsync: false };
  try {
    const running = await startEmbedded({ dataDir, as: target, ...options });
    const server: PostgresServer = {
      host: "127.0.0.1",
      port: running.connection.port!,
      database: "postgres",
      user: "postgres",
      password,
      async stop() {
        await running.stop();
        rmSync(room, { recursive: true, force: true });
      },
    };
    return { server, dataDir };
  } catch (error) {
    rmSync(room, { recursive: true, force: true });
    throw error;
  }
}

/** Starts PostgreSQL 18, the one of the npm package. It has no TLS that clients of today accept: see postgres15. */
export async function postgres18(options: PostgresOptions = {}): Promise<PostgresServer> {
  return (await start("postgres18", options)).server;
}

const bin = "usr/lib/postgresql/15/bin";

/** Gets Debian's PostgreSQL 15 into the cache. */
export function fetchPostgres15() {
  const programs = ["initdb", "postgres"].map((name) => join(bin, name));
  return debian("postgresql-15", { packages: ["postgresql-15", "postgresql-client-15"], programs });
}

/** Gets Debian's psql into the cache. */
export function fetchPsql() {
  return debian("postgresql-client-15", { packages: ["postgresql-client-15"], programs: [join(bin, "psql")] });
}

/** Where psql is, and what it needs in its environment. */
export async function psql(): Promise<{ path: string; env: Record<string, string> }> {
  const { root } = await fetchPsql();
  return { path: join(root, bin, "psql"), env: libraries(root) };
}

async function binaries15(): Promise<(account: Account) => Binaries> {
  const tree = await fetchPostgres15();
  return (account) => {
    // Root's cache may lie under a 0700 home, where the server's uid cannot reach it.
    const name = `postgresql-15-${tree.version}`;
    const root = account.foreign ? copyOnce(tree.root, join(ROOT_CACHE, name)) : tree.root;
    const version = tree.version.split("-")[0]!;
    return { version, folder: join(root, bin), env: libraries(root), goesBackByName: true };
  };
}

/** Whether the server takes TLS by now: it reads its settings again in its own time. */
async function takesTls(server: PostgresServer): Promise<boolean> {
  const client = new pg.Client({ ...server, ssl: { rejectUnauthorized: false } });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

async function switchTlsOn(server: PostgresServer, dataDir: string, flaw: Flaw): Promise<string> {
  const { ca, cert, key } = await makeCertificate(flaw);
  const account = accountFor(dataDir, TARGET_UID);
  putFile(dataDir, "server.crt", cert, account);
  putFile(dataDir, "server.key", key, account);
  const admin = new pg.Client(server);
  await admin.connect();
  await admin.query("alter system set ssl = on");
  await admin.query("select pg_reload_conf()");
  await admin.end();
  for (let tries = 0; !(await takesTls(server)); tries++) {
    if (tries === 200) throw new Error("PostgreSQL 15 does not switch TLS on: its log says why");
  }
  return ca;
}

/** Starts PostgreSQL 15, the one of Debian; with `tls` it also takes TLS, and `ca` is the authority to trust. */
export async function postgres15(
  options: PostgresOptions & { tls?: boolean | Flaw } = {},
): Promise<PostgresServer & { ca: string | null }> {
  // Its compiler's library is left out.
  const settings = { jit: "off", ...options.settings };
  const { server, dataDir } = await start("postgres15", { settings, binaries: await binaries15() });
  if (!options.tls) return { ...server, ca: null };
  try {
    const ca = await switchTlsOn(server, dataDir, options.tls === true ? "none" : options.tls);
    return { ...server, ca };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
