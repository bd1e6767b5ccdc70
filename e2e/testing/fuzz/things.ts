/** What the requests name: the things of one project. Whatever a request has deleted or renamed is there again for the next. */
import type { Orders } from "../orders.ts";
import { seedInputs } from "../project.ts";
import type { Json, Wire } from "../wire.ts";
import type { Words } from "./grammar.ts";

/** Where the dynamic secret lies. */
export const path = "/database/dynamic";
/** The dynamic secret. */
export const dynamicSecretName = "postgres";

/** Ids and names of what is there now, as `§name§` in a request. */
export type Things = Record<string, string>;

/** A dynamic secret's provider on this database. */
export function providerOn(orders: Orders, inputs: Record<string, unknown> = {}): Json {
  return { type: "sql-database", inputs: { ...seedInputs(orders), ...inputs } };
}

/** What fields are mostly filled with. `provider` is the one value that is no reference. */
export function wordsOf(orders: Orders): { params: Words; fields: Words } {
  const same = (names: string[], values: Json[]): Words => Object.fromEntries(names.map((name) => [name, values]));
  const itself = ["projectId", "projectSlug", "environmentId", "folderId", "secretId", "secretImportId", "identityId"]
    .concat(["organizationId", "leaseId", "clientId", "clientSecret", "roleId", "roleSlug", "tagId", "tagSlug", "membershipId"]);
  const fields: Words = {
    ...Object.fromEntries(itself.map((name) => [name, [`§${name}§`]])),
    workspaceId: ["§projectId§"],
    workspaceSlug: ["§projectSlug§"],
    ...same(["environmentSlug", "environment"], ["prod", "prod", "dev"]),
    ...same(["path", "secretPath", "directory"], [path, path, "/", "/database/admin"]),
    folderIdOrName: ["§folderId§", "§folderName§", "dynamic"],
    secretName: ["API_KEY", "API_KEY", "OTHER"],
    dynamicSecretName: [dynamicSecretName],
    provider: [providerOn(orders)],
    defaultTTL: ["1h"],
    maxTTL: ["4h", ""],
    ttl: ["", "1h", "5m"],
  };
  return { fields, params: { ...fields, name: [dynamicSecretName], slug: ["§projectSlug§"] } };
}

/** Who keeps the things there. */
export interface Keepers {
  /** Of the project. */
  admin: Wire;
  /** Of the organization. */
  ruler: Wire;
  organizationId: string;
  /** Joins the others to a new project. */
  join(projectId: string): Promise<void>;
  provider: Json;
}

let made = 0;

/** Makes what is missing. @throws when something cannot be made */
export async function mend(things: Things, { admin, ruler, organizationId, join, provider }: Keepers): Promise<void> {
  const there = async (who: Wire, target: string, query?: Record<string, string>): Promise<boolean> =>
    (await who.call("GET", target, query && { query })).status === 200;
  const place = (): Record<string, string> => ({ projectSlug: things.projectSlug!, environmentSlug: "prod", path });
  const name = (what: string): string => `${what}-${++made}`;

  if (!(await there(admin, `/api/v1/workspace/${things.projectId}`))) {
    const body = { projectName: "Fuzzed", slug: name("fuzzed") };
    const { project } = await admin.ok("POST", "/api/v2/workspace", { body });
    Object.assign(things, { projectId: project.id, projectSlug: project.slug });
    await join(project.id);
  }
  const { projectId } = things;
  if (!(await there(admin, `/api/v1/workspace/environments/${things.environmentId}`))) {
    const slug = name("spare");
    const made = await admin.ok("POST", `/api/v1/workspace/${projectId}/environments`, { body: { name: slug, slug } });
    things.environmentId = made.environment.id;
  }
  if (!(await there(admin, `/api/v1/folders/${things.folderId}`))) {
    const body = { ...place(), path: "/", name: name("folder") };
    const { folder } = await admin.ok("POST", "/api/v1/folders", { body });
    Object.assign(things, { folderId: folder.id, folderName: folder.name });
  }
  if (!(await there(admin, `/api/v1/dynamic-secrets/${dynamicSecretName}`, place()))) {
    const body = { ...place(), name: dynamicSecretName, provider, defaultTTL: "1h", maxTTL: "4h" };
    await admin.ok("POST", "/api/v1/dynamic-secrets", { body });
  }
  if (!(await there(admin, `/api/v1/dynamic-secrets/leases/${things.leaseId}`, place()))) {
    const body = { ...place(), dynamicSecretName };
    things.leaseId = (await admin.ok("POST", "/api/v1/dynamic-secrets/leases", { body })).lease.id;
  }
  things.secretId = await secretId(admin, place(), "API_KEY", "a value");
  if (!(await there(admin, `/api/v1/secret-imports/${things.secretImportId}`))) {
    const { secretImports } = await admin.ok("GET", "/api/v2/secret-imports", { query: place() });
    const body = { ...place(), import: { environment: "dev", path: "/" } };
    const first = secretImports[0] ?? (await admin.ok("POST", "/api/v2/secret-imports", { body })).secretImport;
    things.secretImportId = first.id;
  }
  if ((await ruler.call("GET", `/api/v1/identities/${things.identityId}`)).status !== 200) {
    const body = { name: "Spare", organizationId };
    things.identityId = (await ruler.ok("POST", "/api/v1/identities", { body })).identity.id;
    await ruler.ok("POST", `/api/v1/auth/universal-auth/identities/${things.identityId}`, { body: {} });
  }
  if (!(await there(admin, `/api/v1/projects/${projectId}/tags/${things.tagId}`))) {
    const { tag } = await admin.ok("POST", `/api/v1/projects/${projectId}/tags`, { body: { slug: name("tag"), color: "" } });
    Object.assign(things, { tagId: tag.id, tagSlug: tag.slug });
  }
  if (!(await there(admin, `/api/v1/projects/${projectId}/roles/${things.roleId}`))) {
    const permissions = [{ subject: "secrets", action: ["read"] }];
    const body = { slug: name("role"), name: "Role", permissions };
    const { role } = await admin.ok("POST", `/api/v1/projects/${projectId}/roles`, { body });
    Object.assign(things, { roleId: role.id, roleSlug: role.slug });
  }
}

/** The id of a secret that is made unless it is there. */
export async function secretId(who: Wire, place: Record<string, string>, name: string, secretValue: string): Promise<string> {
  const target = `/api/v3/secrets/raw/${name}`;
  const read = await who.call("GET", target, { query: place });
  if (read.status === 200) return read.body.secret.id;
  return (await who.ok("POST", target, { body: { ...place, secretValue } })).secret.id;
}
