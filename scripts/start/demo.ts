/** The demo as a whole: its database, its project, its shell and its end. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Dayfly } from "@dayfly/sdk";
import { BOOTSTRAP_FILE, type Bootstrap, type Running } from "@dayfly/server";
import { configVersions, leases, type Store } from "@dayfly/store";
import type { Orders } from "./orders.ts";
import { furnishProject, place, secretName } from "./project.ts";
import { writeShell } from "./shell.ts";

/** Makes the project over HTTP, writes the shell file, and answers with the client that did it. */
export async function openDemo(running: Running, orders: Orders, bin: string): Promise<Dayfly> {
  const { dataDir } = running.settings;
  const { clientId, clientSecret } = identityOf(running, dataDir);
  const dayfly = new Dayfly({ host: running.url, clientId, clientSecret, userAgent: "dayfly-start" });
  const projectId = await furnishProject(dayfly, orders);
  const { host, port, database } = orders;
  const target = { host, port, database };
  writeShell(join(dataDir, "demo.env"), { url: running.url, projectId, clientId, clientSecret, bin, target });
  return dayfly;
}

/** Revokes every lease on the demo's database, which is about to stop; says which could not be. */
export async function closeDemo(dayfly: Dayfly): Promise<string[]> {
  const live = await dayfly.leases.list(secretName, place);
  const ended = await Promise.allSettled(live.map(({ id }) => dayfly.leases.revoke(id, place)));
  return ended.flatMap((end, n) =>
    end.status === "rejected" ? [`${live[n]!.externalEntityId}: ${(end.reason as Error).message}`] : [],
  );
}

/** What the server noted about a lease that the wire does not tell. */
export interface Findings {
  sessionsEnded: number;
  /** For whoever wrote the statements. */
  advice: string | null;
}

/** Looks the lease up, after its end. */
export async function findingsOn(store: Store, leaseId: string | null): Promise<Findings | null> {
  const lease = leaseId === null ? undefined : await leases.byId(store, leaseId);
  if (!lease) return null;
  const config = await configVersions.read(store, lease.project_id, lease.dynamic_secret_id, lease.config_version);
  return { sessionsEnded: lease.sessions_killed, advice: config.advice };
}

function identityOf(running: Running, dataDir: string): Bootstrap["identity"] {
  if (running.bootstrap) return running.bootstrap.identity;
  const file = join(dataDir, BOOTSTRAP_FILE);
  if (!existsSync(file)) {
    throw new Error(`The demo needs the identity in ${file}, which is gone. Start with --no-demo, or put it back.`);
  }
  return (JSON.parse(readFileSync(file, "utf8")) as Bootstrap).identity;
}
