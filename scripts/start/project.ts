/**
 * The demo's project, made over HTTP as anybody would make it.
 *
 * Each thing is looked for before it is made, so that a start that was cut short is finished by the next, and what a
 * person has changed since stays as it is. Only the target's address follows the demo database, should its port move.
 */
import { type Dayfly, NotFoundError } from "@dayfly/sdk";
import type { Orders } from "./orders.ts";
import { creationStatement, revocationStatement } from "./statements.ts";

/** Where the demo's dynamic secret lies. */
export const place = { projectSlug: "my-project", environmentSlug: "prod", path: "/database/dynamic" };
/** Its name. */
export const secretName = "postgres-readonly-access";

/** Makes what is missing of the project and answers with its id. */
export async function furnishProject(dayfly: Dayfly, orders: Orders): Promise<string> {
  const project =
    (await found(dayfly.projects.getBySlug(place.projectSlug))) ??
    // With environments dev, staging and prod.
    (await dayfly.projects.create({ projectName: "My project", slug: place.projectSlug }));
  await ensureFolder(dayfly, "/", "database");
  await ensureFolder(dayfly, "/database", "admin");
  await ensureFolder(dayfly, "/database", "dynamic");
  await ensureSecret(dayfly, "DB_ADMIN_USER", orders.admin.username);
  await ensureSecret(dayfly, "DB_ADMIN_PASS", orders.admin.password);
  await ensureDynamicSecret(dayfly, orders);
  return project.id;
}

const at = (path: string) => ({ projectSlug: place.projectSlug, environmentSlug: place.environmentSlug, path });

async function ensureFolder(dayfly: Dayfly, path: string, name: string): Promise<void> {
  const folders = await dayfly.folders.list(at(path));
  if (!folders.some((folder) => folder.name === name)) await dayfly.folders.create({ ...at(path), name });
}

async function ensureSecret(dayfly: Dayfly, name: string, secretValue: string): Promise<void> {
  const where = at("/database/admin");
  if (await found(dayfly.secrets.get(name, where))) return;
  await dayfly.secrets.create(name, { ...where, secretValue });
}

async function ensureDynamicSecret(dayfly: Dayfly, orders: Orders): Promise<void> {
  const { host, port, database, admin } = orders;
  const target = { host, port, database, username: admin.username, password: admin.password };
  const secret = await found(dayfly.dynamicSecrets.get(secretName, place));
  if (!secret) {
    const inputs = { client: "postgres", ...target, creationStatement, revocationStatement };
    await dayfly.dynamicSecrets.create({
      ...place,
      name: secretName,
      provider: { type: "sql-database", inputs },
      defaultTTL: "2h",
      maxTTL: "4h",
    });
  } else if (secret.inputs?.port !== port) {
    await dayfly.dynamicSecrets.update(secretName, { ...place, data: { inputs: target } });
  }
}

async function found<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}
