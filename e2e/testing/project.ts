/** The seed's project on a server: folders, a dynamic secret over the orders database, and what a caller does with it. */
import { type Orders, seedCreation, seedRevocation } from "./orders.ts";
import type { Server } from "./server.ts";
import { type Answer, type Json, type Sent, signIn, type Wire } from "./wire.ts";

/** Where the seed's dynamic secret lies. */
export const place = { projectSlug: "my-project", environmentSlug: "prod", path: "/database/dynamic" };

/** The seed's name for it. */
export const secretName = "postgres-readonly-access";

/** An issued lease as a caller keeps it. */
export interface Credential {
  id: string;
  username: string;
  password: string;
  expireAt: Date;
}

/** A signed-in caller and the project that it made. */
export interface Project {
  id: string;
  wire: Wire;
  lease(ttl?: string): Promise<Credential>;
  renew(id: string, ttl: string): Promise<Answer>;
  revoke(id: string): Promise<Answer>;
  /** The leases that the server lists: live, or on their way out. */
  leases(): Promise<Json[]>;
}

/** The inputs of the seed's configuration for this database. */
export function seedInputs(orders: Orders): Record<string, unknown> {
  return {
    client: "postgres",
    host: orders.host,
    port: orders.port,
    database: orders.database,
    username: orders.admin.username,
    password: orders.admin.password,
    creationStatement: seedCreation,
    revocationStatement: seedRevocation,
  };
}

/** Makes the seed's project: environments, folders and the dynamic secret, 2h by default and 4h at most. */
export async function makeProject(server: Server, orders: Orders): Promise<Project> {
  const caller = await signIn(server.url, server.bootstrap.identity);
  const { project } = await caller.ok("POST", "/api/v2/workspace", {
    body: { projectName: "My Project", slug: place.projectSlug, hasDeleteProtection: false },
  });
  for (const [path, name] of [
    ["/", "database"],
    ["/database", "admin"],
    ["/database", "dynamic"],
  ]) {
    await caller.ok("POST", "/api/v1/folders", { body: { name, path, environment: "prod", workspaceId: project.id } });
  }
  await caller.ok("POST", "/api/v1/dynamic-secrets", {
    body: {
      ...place,
      name: secretName,
      provider: { type: "sql-database", inputs: seedInputs(orders) },
      defaultTTL: "2h",
      maxTTL: "4h",
    },
  });
  return over(caller, project.id);
}

/** The same project for another caller. */
export function over(caller: Wire, id: string): Project {
  const at = (leaseId: string): string => `/api/v1/dynamic-secrets/leases/${leaseId}`;
  const here = (more: object = {}): Sent => ({ body: { ...place, ...more } });
  return {
    id,
    wire: caller,
    async lease(ttl) {
      const { lease, data } = await caller.ok(
        "POST",
        "/api/v1/dynamic-secrets/leases",
        here({ dynamicSecretName: secretName, ...(ttl !== undefined && { ttl }) }),
      );
      return {
        id: lease.id,
        username: data.DB_USERNAME,
        password: data.DB_PASSWORD,
        expireAt: new Date(lease.expireAt),
      };
    },
    renew: (leaseId, ttl) => caller.call("POST", `${at(leaseId)}/renew`, here({ ttl })),
    revoke: (leaseId) => caller.call("DELETE", at(leaseId), here()),
    async leases() {
      return (await caller.ok("GET", `/api/v1/dynamic-secrets/${secretName}/leases`, { query: place })).leases;
    },
  };
}
