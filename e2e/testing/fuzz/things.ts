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
  const itself = [
    "projectId",
    "projectSlug",
    "environmentId",
    "folderId",
    "secretId",
    "secretImportId",
    "identityId",
  ].concat([
    "organizationId",
    "leaseId",
    "clientId",
    "clientSecret",
    "roleId",
    "roleSlug",
    "tagId",
    "tagSlug",
    "membershipId",
  ]);
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
    ...same(["emails", "usernames", "email"], ["§email§"]),
    ...same(["role", "roleSlugs"], ["viewer", "no-access", "§roleSlug§"]),
    tagIds: ["§tagId§"],
    tagSlugs: ["§tagSlug§"],
    action: ["read", ["read", "edit"]],
    temporaryRange: ["1h", ""],
    temporaryAccessStartTime: ["2026-01-01T00:00:00Z", ""],
    ipAddress: ["0.0.0.0/0", "::/0"],
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
  /** Signs the person in again; what it answers is kept as who asks. */
  signIn(): Promise<void>;
}

let made = 0;

/** Makes what is missing, and all of it anew where that is no longer possible: the project is frozen, its target unknown. */
export async function mend(things: Things, keepers: Keepers): Promise<void> {
  await make(things, keepers).catch(() => {
    things.projectId = "none";
    return make(things, keepers);
  });
}

async function make(things: Things, { admin, ruler, organizationId, join, provider, signIn }: Keepers): Promise<void> {
  /** What is there now, perhaps under another name. */
  const read = async (who: Wire, target: string, query?: Record<string, string>): Promise<Json | null> => {
    const { status, body } = await who.call("GET", target, query && { query });
    return status === 200 ? body : null;
  };
  const place = (): Record<string, string> => ({ projectSlug: things.projectSlug!, environmentSlug: "prod", path });
  const name = (what: string): string => `${what}-${++made}`;

  const project = await read(admin, `/api/v1/workspace/${things.projectId}`);
  if (project) things.projectSlug = project.workspace.slug;
  else {
    const body = { projectName: "Fuzzed", slug: name("fuzzed") };
    const { project } = await admin.ok("POST", "/api/v2/workspace", { body });
    const inside = { environmentId: "none", folderId: "none", leaseId: "none", membershipId: "none" };
    Object.assign(things, { ...inside, projectId: project.id, projectSlug: project.slug });
    await join(project.id);
  }
  const { projectId } = things;
  if (!(await read(admin, `/api/v1/workspace/environments/${things.environmentId}`))) {
    const slug = name("spare");
    const made = await admin.ok("POST", `/api/v1/workspace/${projectId}/environments`, { body: { name: slug, slug } });
    things.environmentId = made.environment.id;
  }
  const folder =
    (await read(admin, `/api/v1/folders/${things.folderId}`)) ??
    (await admin.ok("POST", "/api/v1/folders", { body: { ...place(), path: "/", name: name("folder") } }));
  Object.assign(things, { folderId: folder.folder.id, folderName: folder.folder.name });
  if (!(await read(admin, `/api/v1/dynamic-secrets/${dynamicSecretName}`, place()))) {
    const body = { ...place(), name: dynamicSecretName, provider, defaultTTL: "1h", maxTTL: "4h" };
    await admin.ok("POST", "/api/v1/dynamic-secrets", { body });
  }
  if (!(await read(admin, `/api/v1/dynamic-secrets/leases/${things.leaseId}`, place()))) {
    const body = { ...place(), dynamicSecretName };
    things.leaseId = (await admin.ok("POST", "/api/v1/dynamic-secrets/leases", { body })).lease.id;
  }
  things.secretId = await secretId(admin, place(), "API_KEY", "a value");
  const { secretImports } = await admin.ok("GET", "/api/v2/secret-imports", { query: place() });
  const imported = { ...place(), import: { environment: "dev", path: "/" } };
  const first = secretImports[0] ?? (await admin.ok("POST", "/api/v2/secret-imports", { body: imported })).secretImport;
  things.secretImportId = first.id;
  if (!(await read(ruler, `/api/v1/identities/${things.identityId}`))) {
    const body = { name: "Spare", organizationId };
    things.identityId = (await ruler.ok("POST", "/api/v1/identities", { body })).identity.id;
    await ruler.ok("POST", `/api/v1/auth/universal-auth/identities/${things.identityId}`, { body: {} });
  }
  const tags = `/api/v1/projects/${projectId}/tags`;
  const tag =
    (await read(admin, `${tags}/${things.tagId}`)) ??
    (await admin.ok("POST", tags, { body: { slug: name("tag"), color: "" } }));
  Object.assign(things, { tagId: tag.tag.id, tagSlug: tag.tag.slug });
  const roles = `/api/v1/projects/${projectId}/roles`;
  const permissions = [{ subject: "secrets", action: ["read"] }];
  const role =
    (await read(admin, `${roles}/${things.roleId}`)) ??
    (await admin.ok("POST", roles, { body: { slug: name("role"), name: "Role", permissions } }));
  Object.assign(things, { roleId: role.role.id, roleSlug: role.role.slug });
  if (!(await read(ruler, `/api/v1/organization/users/${things.userId}`))) {
    const email = `${name("person")}@example.org`;
    const { user } = await ruler.ok("POST", "/api/v1/organization/users", { body: { email } });
    Object.assign(things, { userId: user.id, email });
  }
  if (!(await read(admin, `/api/v1/projects/${projectId}/memberships/${things.membershipId}`))) {
    const body = { emails: [things.email], roleSlugs: ["viewer"] };
    const { memberships } = await admin.ok("POST", `/api/v1/projects/${projectId}/memberships`, { body });
    things.membershipId = memberships[0].id;
  }
  await signIn();
}

/** The id of a secret that is made unless it is there. */
export async function secretId(
  who: Wire,
  place: Record<string, string>,
  name: string,
  secretValue: string,
): Promise<string> {
  const target = `/api/v3/secrets/raw/${name}`;
  const read = await who.call("GET", target, { query: place });
  if (read.status === 200) return read.body.secret.id;
  return (await who.ok("POST", target, { body: { ...place, secretValue } })).secret.id;
}
