/**
 * A server under load: Dayfly as its own process over a target, a project with a dynamic secret a configuration, and
 * what a caller does with it.
 *
 * The server runs as its operators run it, but for its log, which goes nowhere. Limits that a load would meet are high.
 */
import { type Server, type ServerOptions, startServer } from "../../e2e/testing/server.ts";
import { signIn } from "../../e2e/testing/wire.ts";
import { Line } from "./http.ts";
import { postmasterOf } from "./processes.ts";
import { type Config, configs, nameOf, statements, type Target } from "./target.ts";

const place = { projectSlug: "load", environmentSlug: "prod", path: "/" };

/** A lease as its holder keeps it. */
export interface Lease {
  id: string;
  username: string;
  password: string;
  /** In milliseconds of the clock that all of this machine share. */
  expiresAt: number;
}

/** What callers do; `worker` says on whose connection. */
export interface Calls {
  create(worker: number, config: Config, ttl?: string): Promise<Lease>;
  renew(worker: number, id: string, ttl: string): Promise<void>;
  revoke(worker: number, id: string): Promise<void>;
  close(): void;
}

/** The running server. */
export interface Rig {
  server: Server;
  target: Target;
  projectId: string;
  /** The dynamic secret of a configuration. */
  secretId(config: Config): string;
  /** Opens a connection for each of so many workers. */
  calls(workers: number): Calls;
  /** Processes to be watched. */
  watched(): { server: number; store: number; target: number };
  close(): Promise<void>;
}

/** How a rig differs from the usual. */
export interface RigOptions extends ServerOptions {
  /** Where the target is reached, if by another way than directly. */
  through?: { host: string; port: number };
}

const settings = { MAX_LEASE_LIMIT: "10000000" };

/** Starts a server over `target` and makes its project. */
export async function openRig(target: Target, options: RigOptions = {}): Promise<Rig> {
  const { through = target, ...how } = options;
  const server = await startServer(settings, { unheard: true, ...how });
  try {
    const wire = await signIn(server.url, server.bootstrap.identity);
    const { project } = await wire.ok("POST", "/api/v2/workspace", {
      body: { projectName: "Load", slug: place.projectSlug, hasDeleteProtection: false },
    });
    const ids = new Map<string, string>();
    for (const config of configs) {
      const { creation, revocation } = statements[config.grant];
      const inputs = {
        client: "postgres",
        host: through.host,
        port: through.port,
        database: target.database,
        ...target.admin,
        creationStatement: creation,
        revocationStatement: revocation,
        scramIterations: config.rounds,
      };
      const provider = { type: "sql-database", inputs };
      const { dynamicSecret } = await wire.ok("POST", "/api/v1/dynamic-secrets", {
        body: { ...place, name: nameOf(config), provider, defaultTTL: "2h", maxTTL: "1000h" },
      });
      ids.set(nameOf(config), dynamicSecret.id);
    }
    return {
      server,
      target,
      projectId: project.id,
      secretId: (config) => ids.get(nameOf(config))!,
      calls: (workers) => callsOf(server.url, wire.headers, workers),
      watched: () => ({ server: server.pid(), store: postmasterOf(server), target: target.pid }),
      close: () => server.remove(),
    };
  } catch (error) {
    await server.remove();
    throw error;
  }
}

const leases = "/api/v1/dynamic-secrets/leases";

function callsOf(url: string, headers: Record<string, string>, workers: number): Calls {
  const lines = Array.from({ length: workers }, () => new Line(url, { "user-agent": "dayfly-bench", ...headers }));
  return {
    async create(worker, config, ttl) {
      const body = { ...place, dynamicSecretName: nameOf(config), ...(ttl !== undefined && { ttl }) };
      const { lease, data } = JSON.parse(await lines[worker]!.ok("POST", leases, body));
      return {
        id: lease.id,
        username: data.DB_USERNAME,
        password: data.DB_PASSWORD,
        expiresAt: Date.parse(lease.expireAt),
      };
    },
    async renew(worker, id, ttl) {
      await lines[worker]!.ok("POST", `${leases}/${id}/renew`, { ...place, ttl });
    },
    async revoke(worker, id) {
      await lines[worker]!.ok("DELETE", `${leases}/${id}`, place);
    },
    close() {
      for (const line of lines) line.close();
    },
  };
}
