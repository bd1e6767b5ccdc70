/** A project with a dynamic secret on a real PostgreSQL, and every kind of caller that may meet it. */
import { postgres18 } from "../../../scripts/servers/postgres.ts";
import type { StartOptions } from "../index.ts";
import { type TestServer, testServer } from "./server.ts";

/** The statements of the guide: create, grant, drop. */
export const statements = {
  creationStatement: `CREATE ROLE "{{username}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{username}}";`,
  revocationStatement: `DROP ROLE IF EXISTS "{{username}}";`,
};

/** Everything that tests of one dynamic secret need. */
export interface Scene {
  server: TestServer;
  target: { host: string; port: number; database: string; username: string; password: string };
  projectId: string;
  /** Where the dynamic secret `postgres` lies, as bodies and queries say it. */
  loc: { projectSlug: string; environmentSlug: string; path: string };
  query: string;
  tokens: { nobody: undefined; badToken: string; foreign: string; leaseOnly: string; admin: string };
  leaseOnlyId: string;
  stop(): Promise<void>;
}

/** Builds it, by the API alone. */
export async function scene(env: Record<string, string> = {}, options: StartOptions = {}): Promise<Scene> {
  const [server, postgres] = await Promise.all([testServer(env, options), postgres18()]);
  const token = server.admin;
  const made = await server.call("POST", "/api/v2/workspace", { token, body: { projectName: "Shop", slug: "shop" } });
  const projectId = made.body.project.id;
  const loc = { projectSlug: "shop", environmentSlug: "prod", path: "/database" };
  const { host, port, database, user: username, password } = postgres;
  const target = { host, port, database, username, password };
  const saved = await server.call("POST", "/api/v1/dynamic-secrets", {
    token,
    body: { ...loc, name: "postgres", provider: providerOf(target), defaultTTL: "1h", maxTTL: "2h" },
  });
  if (saved.status !== 200) throw new Error(JSON.stringify(saved.body));
  const foreign = await server.newIdentity("member");
  await server.call("POST", "/api/v2/workspace", {
    token: foreign.token,
    body: { projectName: "Elsewhere", slug: "elsewhere" },
  });
  const leaseOnly = await server.newIdentity();
  await server.call("POST", `/api/v2/workspace/${projectId}/identity-memberships/${leaseOnly.id}`, {
    token,
    body: { roles: [{ role: "lease-only", secrets: [{ environment: "prod", path: "/database", name: "postgres" }] }] },
  });
  return {
    server,
    target,
    projectId,
    loc,
    query: new URLSearchParams(loc).toString(),
    tokens: {
      nobody: undefined,
      badToken: "A".repeat(43),
      foreign: foreign.token,
      leaseOnly: leaseOnly.token,
      admin: token,
    },
    leaseOnlyId: leaseOnly.id,
    async stop() {
      await Promise.all([server.stop(), postgres.stop()]);
    },
  };
}

/** The provider of a dynamic secret on a target. */
export function providerOf(target: Scene["target"], inputs: Record<string, unknown> = {}) {
  return { type: "sql-database", inputs: { client: "postgres", ...target, ...statements, ...inputs } };
}
