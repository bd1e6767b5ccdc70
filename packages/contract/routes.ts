/** Every route, by name. Declared by noun in the files beside this one. */
import { listAuditLogs, listProjectAuditLogs, verifyAuditLogs } from "./audit.ts";
import { universalAuthLogin } from "./auth.ts";
import {
  createDynamicSecret,
  deleteDynamicSecret,
  getDynamicSecret,
  listDynamicSecrets,
  previewDynamicSecret,
  updateDynamicSecret,
  verifyDynamicSecret,
} from "./dynamic-secrets.ts";
import { createEnvironment, deleteEnvironment, getEnvironment, updateEnvironment } from "./environments.ts";
import { streamEvents } from "./events.ts";
import {
  createFolder,
  createFolderV2,
  deleteFolder,
  deleteFolderV2,
  getFolder,
  getFolderV2,
  listFolders,
  listFoldersV2,
  updateFolder,
  updateFolderV2,
} from "./folders.ts";
import { freezeLeases, listFreezes, unfreezeLeases } from "./freezes.ts";
import { getHealth, getOpenApi, getReadiness, getStatus } from "./health.ts";
import {
  addIdentityMembership,
  attachUniversalAuth,
  createClientSecret,
  createIdentity,
  deleteIdentity,
  removeIdentityMembership,
} from "./identities.ts";
import { getProjectLease, listOrganizationLeases, listProjectLeases } from "./lease-lists.ts";
import { getLeaseRevocation, revokeLeases } from "./lease-revocations.ts";
import { beatLease, createLease, deleteLease, getLease, listLeases, renewLease, rotateLease } from "./leases.ts";
import {
  createProject,
  deleteProject,
  getProject,
  getProjectBySlug,
  listProjects,
  listWorkspaces,
} from "./projects.ts";
import type { Route } from "./route.ts";
import {
  createSecretImport,
  createSecretImportV1,
  deleteSecretImport,
  deleteSecretImportV1,
  listSecretImports,
  listSecretImportsV1,
  updateSecretImport,
  updateSecretImportV1,
} from "./secret-imports.ts";
import {
  createSecret,
  deleteSecret,
  getSecret,
  getSecretById,
  getSecretV4,
  listSecrets,
  listSecretsV3,
  listSecretVersions,
  updateSecret,
} from "./secrets.ts";
import { listTargets } from "./targets.ts";

/** Every route, by name. */
export const routes = {
  // auth
  universalAuthLogin,
  // projects
  createProject,
  getProject,
  getProjectBySlug,
  listProjects,
  listWorkspaces,
  deleteProject,
  // environments
  createEnvironment,
  getEnvironment,
  updateEnvironment,
  deleteEnvironment,
  // folders
  listFolders,
  listFoldersV2,
  createFolder,
  createFolderV2,
  getFolder,
  getFolderV2,
  updateFolder,
  updateFolderV2,
  deleteFolder,
  deleteFolderV2,
  // secrets
  listSecrets,
  listSecretsV3,
  getSecretById,
  getSecret,
  getSecretV4,
  createSecret,
  updateSecret,
  deleteSecret,
  listSecretVersions,
  // secret imports
  createSecretImport,
  createSecretImportV1,
  listSecretImports,
  listSecretImportsV1,
  updateSecretImport,
  updateSecretImportV1,
  deleteSecretImport,
  deleteSecretImportV1,
  // identities
  createIdentity,
  deleteIdentity,
  attachUniversalAuth,
  createClientSecret,
  addIdentityMembership,
  removeIdentityMembership,
  // dynamic secrets
  createDynamicSecret,
  listDynamicSecrets,
  getDynamicSecret,
  updateDynamicSecret,
  deleteDynamicSecret,
  verifyDynamicSecret,
  previewDynamicSecret,
  // leases
  createLease,
  renewLease,
  rotateLease,
  beatLease,
  deleteLease,
  getLease,
  listLeases,
  listProjectLeases,
  getProjectLease,
  listOrganizationLeases,
  revokeLeases,
  getLeaseRevocation,
  freezeLeases,
  unfreezeLeases,
  listFreezes,
  // events
  streamEvents,
  // targets
  listTargets,
  // audit
  listAuditLogs,
  listProjectAuditLogs,
  verifyAuditLogs,
  // health
  getStatus,
  getHealth,
  getReadiness,
  getOpenApi,
} satisfies Record<string, Route>;

/** The name of a route. */
export type RouteName = keyof typeof routes;
