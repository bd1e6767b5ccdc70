/**
 * The ground of a bench: nodes of the server on one PostgreSQL, a project, and a dynamic secret for each target.
 *
 * Owns their start and end. The nodes' PostgreSQL is also asked directly, beside them, as a witness.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Orders } from "../../e2e/testing/orders.ts";
import { seedInputs } from "../../e2e/testing/project.ts";
import { type Server, startServer } from "../../e2e/testing/server.ts";
import { signIn } from "../../e2e/testing/wire.ts";
import { postgres18 } from "../../scripts/servers/postgres.ts";
import { type Caller, createCaller, place } from "./caller.ts";

/** Host and port. */
export interface Where {
  host: string;
  port: number;
}

/** Asks a database as a witness. */
export type Query = (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/** A target as the server reaches it; the witness looks at `orders` itself. */
export interface Reached {
  orders: Orders;
  at: Where;
}

/** The running servers. */
export interface Ground {
  nodes: Server[];
  caller: Caller;
  /** Of one of the nodes. */
  anyUrl(): string;
  /** Asks the store. */
  store: Query;
  projectId: string;
  close(): Promise<void>;
}

/** Settings of every node of a bench. */
export const env = { LOG_LEVEL: "warn", MAX_LEASE_LIMIT: "1000000" };

/** The store's PostgreSQL. */
export interface Store extends Where {
  query: Query;
  uri(at: Where): string;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL for nodes to share. */
export async function startStore(): Promise<Store> {
  const postgres = await postgres18();
  const { user, password, ...at } = postgres;
  const witness = new pg.Pool({ host: at.host, port: at.port, database: at.database, user, password, max: 2 });
  witness.on("error", () => {});
  return {
    host: at.host,
    port: at.port,
    query: async (sql, values) => (await witness.query(sql, values)).rows,
    uri: ({ host, port }) => `postgres://${user}:${password}@${host}:${port}/${at.database}`,
    async stop() {
      await witness.end();
      await postgres.stop();
    },
  };
}

/** Starts so many nodes on a store, which they reach at `at`, and makes the project. Closing it stops the store too. */
export async function openGround(
  targets: Record<string, Reached>,
  options: { nodes?: number; store?: Store; at?: Where } = {},
): Promise<Ground> {
  const store = options.store ?? (await startStore());
  const nodes: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.remove()));
    await store.stop();
  };
  const shared = {
    ...env,
    DB_CONNECTION_URI: store.uri(options.at ?? store),
    ENCRYPTION_KEY: randomBytes(32).toString("base64"),
  };
  try {
    nodes.push(await startServer(shared));
    for (let more = 1; more < (options.nodes ?? 1); more += 1) nodes.push(await startServer(shared));
    const { caller, projectId } = await makeProject(nodes[0]!, targets);
    const anyUrl = (): string => nodes[Math.floor(Math.random() * nodes.length)]!.url;
    return { nodes, caller, anyUrl, store: store.query, projectId, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Signs in and makes the project. Passwords are hashed in one round, so that the machine is left for other work. */
export async function makeProject(
  server: Server,
  targets: Record<string, Reached>,
): Promise<{ caller: Caller; projectId: string }> {
  const wire = await signIn(server.url, server.bootstrap.identity);
  const { project } = await wire.ok("POST", "/api/v2/workspace", {
    body: { projectName: "Bench", slug: place.projectSlug, hasDeleteProtection: false },
  });
  for (const [name, { orders, at }] of Object.entries(targets)) {
    const inputs = { ...seedInputs(orders), host: at.host, port: at.port, scramIterations: 1 };
    await wire.ok("POST", "/api/v1/dynamic-secrets", {
      body: { ...place, name, provider: { type: "sql-database", inputs }, defaultTTL: "1h", maxTTL: "24h" },
    });
  }
  return { caller: createCaller(wire.headers), projectId: project.id };
}
