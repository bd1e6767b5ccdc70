/** A valid request for each route of the contract, for the walk over all of them. */
import type { RouteName } from "@dayfly/contract";
import type { actorsWalk } from "./actors-walk.ts";
import { providerOf, type Scene } from "./callers.ts";
import { ownRequests } from "./own-requests.ts";

const anId = "11111111-2222-4333-8444-555555555555";

interface Known {
  environmentId: string;
  folderId: string;
  secretId: string;
  identityId: string;
  otherIdentityId: string;
  leaseId: string;
  spareEnvironmentId: string;
  roleId: string;
  tagId: string;
  workspaceTagId: string;
  membershipId: string;
  importId: string;
  revocationId: string;
}
/** The ids of things that are there, filled in as the walk of the admin makes them. */
export const known: Known = {
  environmentId: anId,
  folderId: anId,
  secretId: anId,
  identityId: anId,
  otherIdentityId: anId,
  leaseId: anId,
  spareEnvironmentId: anId,
  roleId: anId,
  tagId: anId,
  workspaceTagId: anId,
  membershipId: anId,
  importId: anId,
  revocationId: anId,
};

/** The request of a route as the scene and what is known by now have it. */
export function requestFor(
  name: RouteName,
  at: Scene,
  actors: ReturnType<typeof actorsWalk>,
): { path: string; body?: unknown } {
  const { loc, query, projectId, server } = at;
  const secretPath = "/api/v3/secrets/raw/KEY";
  const env = `/api/v1/workspace/${projectId}/environments`;
  const imports = (version: number) => `/api/v${version}/secret-imports`;
  const dynamic = "/api/v1/dynamic-secrets";
  const ua = `/api/v1/auth/universal-auth/identities/${known.identityId}`;
  const member = `/api/v2/workspace/${projectId}/identity-memberships/${known.otherIdentityId}`;
  const roles = `/api/v1/projects/${projectId}/roles`;
  const tags = `/api/v1/projects/${projectId}/tags`;
  const workspaceTags = `/api/v1/workspace/${projectId}/tags`;
  const people = `/api/v1/projects/${projectId}/memberships`;
  const { email } = server.running.bootstrap!.admin;
  const requests: Record<RouteName, { path: string; body?: unknown }> = {
    ...actors.requests(known.identityId),
    universalAuthLogin: {
      path: "/api/v1/auth/universal-auth/login",
      body: server.running.bootstrap!.identity,
    },
    createProject: { path: "/api/v2/workspace", body: { projectName: "Another", slug: "another" } },
    getProject: { path: `/api/v1/workspace/${projectId}` },
    getProjectBySlug: { path: "/api/v2/workspace/shop" },
    getProjectBySlugV1: { path: "/api/v1/projects/slug/shop" },
    listProjects: { path: "/api/v1/projects" },
    listWorkspaces: { path: "/api/v1/workspace" },
    updateProject: { path: `/api/v1/projects/${projectId}`, body: { name: "The shop" } },
    updateAuditLogsRetention: {
      path: "/api/v1/workspace/shop/audit-logs-retention",
      body: { auditLogsRetentionDays: 90 },
    },
    createEnvironment: { path: env, body: { name: "Spare", slug: "spare" } },
    getEnvironment: { path: `/api/v1/workspace/environments/${known.environmentId}` },
    getEnvironmentBySlug: { path: `/api/v1/projects/${projectId}/environments/slug/prod` },
    createTag: { path: tags, body: { slug: "one", color: "" } },
    listTags: { path: tags },
    getTag: { path: `${tags}/${known.tagId}` },
    getTagBySlug: { path: `${tags}/slug/one` },
    updateTag: { path: `${tags}/${known.tagId}`, body: { color: "#fff" } },
    deleteTag: { path: `${tags}/${known.tagId}` },
    createWorkspaceTag: { path: workspaceTags, body: { slug: "two", color: "" } },
    listWorkspaceTags: { path: workspaceTags },
    getWorkspaceTag: { path: `${workspaceTags}/${known.workspaceTagId}` },
    getWorkspaceTagBySlug: { path: `${workspaceTags}/slug/two` },
    updateWorkspaceTag: { path: `${workspaceTags}/${known.workspaceTagId}`, body: { slug: "too" } },
    deleteWorkspaceTag: { path: `${workspaceTags}/${known.workspaceTagId}` },
    createRole: {
      path: roles,
      body: { slug: "reader", name: "Reader", permissions: [{ subject: "secrets", action: "read" }] },
    },
    listRoles: { path: roles },
    getRole: { path: `${roles}/${known.roleId}` },
    getRoleBySlug: { path: `${roles}/slug/member` },
    updateRole: { path: `${roles}/${known.roleId}`, body: { name: "Readers" } },
    deleteRole: { path: `${roles}/${known.roleId}` },
    listIdentityMemberships: { path: `/api/v2/workspace/${projectId}/identity-memberships` },
    getIdentityMembership: { path: member },
    updateIdentityMembership: { path: member, body: { roles: [{ role: "no-access" }] } },
    addUserMemberships: { path: people, body: { emails: [email] } },
    addUserMembershipsV2: { path: `/api/v2/workspace/${projectId}/memberships`, body: { usernames: [email] } },
    listUserMemberships: { path: people },
    getUserMembership: { path: `${people}/${known.membershipId}` },
    updateUserMembership: { path: `${people}/${known.membershipId}`, body: { roles: [{ role: "viewer" }] } },
    removeUserMemberships: { path: people, body: { usernames: [email] } },
    updateEnvironment: { path: `${env}/${known.spareEnvironmentId}`, body: { name: "Sparest" } },
    deleteEnvironment: { path: `${env}/${known.spareEnvironmentId}` },
    listFolders: { path: `/api/v1/folders?${query}` },
    listFoldersV2: { path: `/api/v2/folders?${query}` },
    createFolder: { path: "/api/v1/folders", body: { ...loc, name: "one" } },
    createFolderV2: { path: "/api/v2/folders", body: { ...loc, name: "two" } },
    getFolder: { path: `/api/v1/folders/${known.folderId}` },
    getFolderV2: { path: `/api/v2/folders/${known.folderId}` },
    updateFolder: { path: "/api/v1/folders/one", body: { ...loc, name: "one", description: "first" } },
    updateFolderV2: { path: "/api/v2/folders/two", body: { ...loc, name: "two" } },
    deleteFolder: { path: "/api/v1/folders/one", body: loc },
    deleteFolderV2: { path: "/api/v2/folders/two", body: loc },
    createSecret: { path: secretPath, body: { ...loc, secretValue: "canary-value" } },
    listSecrets: { path: `/api/v4/secrets?${query}` },
    listSecretsV3: { path: `/api/v3/secrets/raw?${query}` },
    getSecretById: { path: `/api/v3/secrets/raw/id/${known.secretId}` },
    getSecret: { path: `${secretPath}?${query}` },
    getSecretV4: { path: `/api/v4/secrets/KEY?${query}` },
    listSecretVersions: { path: `/api/v1/secret/${known.secretId}/secret-versions` },
    updateSecret: { path: secretPath, body: { ...loc, secretValue: "canary-value-2" } },
    deleteSecret: { path: secretPath, body: loc },
    createSecretImport: { path: imports(2), body: { ...loc, import: { environment: "dev", path: "/one" } } },
    createSecretImportV1: { path: imports(1), body: { ...loc, import: { environment: "dev", path: "/two" } } },
    listSecretImports: { path: `${imports(2)}?${query}` },
    listSecretImportsV1: { path: `${imports(1)}?${query}` },
    updateSecretImport: { path: `${imports(2)}/${known.importId}`, body: { ...loc, import: { position: 1 } } },
    updateSecretImportV1: { path: `${imports(1)}/${known.importId}`, body: { ...loc, import: { position: 2 } } },
    deleteSecretImport: { path: `${imports(2)}/${known.importId}`, body: loc },
    deleteSecretImportV1: { path: `${imports(1)}/${known.importId}`, body: loc },
    createIdentity: {
      path: "/api/v1/identities",
      body: { name: "walker", organizationId: server.running.bootstrap!.organizationId },
    },
    attachUniversalAuth: { path: ua, body: {} },
    createClientSecret: { path: `${ua}/client-secrets`, body: {} },
    deleteIdentity: { path: `/api/v1/identities/${known.identityId}` },
    addIdentityMembership: { path: member, body: { roles: [{ role: "viewer" }] } },
    removeIdentityMembership: { path: member },
    createDynamicSecret: {
      path: dynamic,
      body: { ...loc, name: "second", provider: providerOf(at.target), defaultTTL: "1h" },
    },
    listDynamicSecrets: { path: `${dynamic}?${query}` },
    getDynamicSecret: { path: `${dynamic}/postgres?${query}` },
    updateDynamicSecret: { path: `${dynamic}/second`, body: { ...loc, data: { defaultTTL: "2h" } } },
    deleteDynamicSecret: { path: `${dynamic}/second`, body: loc },
    createLease: {
      path: `${dynamic}/leases`,
      body: { ...loc, dynamicSecretName: "postgres", ttl: "", heartbeat: "1h" },
    },
    renewLease: { path: `${dynamic}/leases/${known.leaseId}/renew`, body: { ...loc, ttl: "1m" } },
    getLease: { path: `${dynamic}/leases/${known.leaseId}?${query}` },
    listLeases: { path: `${dynamic}/postgres/leases?${query}` },
    deleteLease: { path: `${dynamic}/leases/${known.leaseId}`, body: loc },
    listProjectLeases: { path: `/api/v1/projects/${projectId}/leases?state=failed` },
    ...ownRequests(at, known),
    listOrganizationLeases: { path: "/api/v1/organization/leases?state=left-behind&limit=2" },
    deleteProject: { path: "/api/v2/workspace/another" },
    getStatus: { path: "/api/status" },
    getHealth: { path: "/healthz" },
    getReadiness: { path: "/readyz" },
    verifyAuditLogs: { path: "/api/v1/audit-logs/verify" },
    getOpenApi: { path: "/openapi.json" },
  };
  return requests[name];
}
