/** Every route, by name. Declared by noun in the files beside this one. */
import { listAuditLogs, listProjectAuditLogs, verifyAuditLogs } from "./audit.ts";
import { renewToken, revokeToken, universalAuthLogin } from "./auth.ts";
import {
  createDynamicSecret,
  deleteDynamicSecret,
  getDynamicSecret,
  listDynamicSecrets,
  previewDynamicSecret,
  updateDynamicSecret,
  verifyDynamicSecret,
} from "./dynamic-secrets.ts";
import {
  createEnvironment,
  deleteEnvironment,
  getEnvironment,
  getEnvironmentBySlug,
  updateEnvironment,
} from "./environments.ts";
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
  createIdentity,
  deleteIdentity,
  getIdentity,
  getIdentityDetails,
  listIdentities,
  updateIdentity,
} from "./identities.ts";
import {
  addIdentityMembership,
  getIdentityMembership,
  listIdentityMemberships,
  removeIdentityMembership,
  updateIdentityMembership,
} from "./identity-memberships.ts";
import { getProjectLease, listOrganizationLeases, listProjectLeases } from "./lease-lists.ts";
import { getLeaseRevocation, revokeLeases } from "./lease-revocations.ts";
import { beatLease, createLease, deleteLease, getLease, listLeases, renewLease, rotateLease } from "./leases.ts";
import { listAccessibleOrganizations, listOrganizations } from "./organizations.ts";
import {
  createProject,
  deleteProject,
  getProject,
  getProjectBySlug,
  getProjectBySlugV1,
  listProjects,
  listWorkspaces,
  updateAuditLogsRetention,
  updateProject,
} from "./projects.ts";
import { createRole, deleteRole, getRole, getRoleBySlug, listRoles, updateRole } from "./roles.ts";
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
import {
  checkAuth,
  endOtherSessions,
  endSession,
  listSessions,
  loginUser,
  logoutUser,
  selectOrganization,
} from "./sessions.ts";
import {
  createTag,
  createWorkspaceTag,
  deleteTag,
  deleteWorkspaceTag,
  getTag,
  getTagBySlug,
  getWorkspaceTag,
  getWorkspaceTagBySlug,
  listTags,
  listWorkspaceTags,
  updateTag,
  updateWorkspaceTag,
} from "./tags.ts";
import { listTargets } from "./targets.ts";
import {
  attachUniversalAuth,
  createClientSecret,
  detachUniversalAuth,
  getClientSecret,
  getUniversalAuth,
  listClientSecrets,
  revokeClientSecret,
  updateUniversalAuth,
} from "./universal-auth.ts";
import {
  addUserMemberships,
  addUserMembershipsV2,
  getUserMembership,
  listUserMemberships,
  removeUserMemberships,
  updateUserMembership,
} from "./user-memberships.ts";
import {
  acceptLink,
  changePassword,
  createUserLink,
  deleteUser,
  endUserSessions,
  getMe,
  getUser,
  inviteUser,
  listUsers,
  updateUser,
} from "./users.ts";

/** Every route, by name. */
export const routes = {
  // auth
  universalAuthLogin,
  renewToken,
  revokeToken,
  // sessions
  loginUser,
  selectOrganization,
  checkAuth,
  logoutUser,
  listSessions,
  endSession,
  endOtherSessions,
  // people
  getMe,
  changePassword,
  acceptLink,
  listUsers,
  inviteUser,
  getUser,
  updateUser,
  deleteUser,
  createUserLink,
  endUserSessions,
  // organizations
  listOrganizations,
  listAccessibleOrganizations,
  // projects
  createProject,
  getProject,
  getProjectBySlug,
  getProjectBySlugV1,
  listProjects,
  listWorkspaces,
  updateProject,
  updateAuditLogsRetention,
  deleteProject,
  // environments
  createEnvironment,
  getEnvironment,
  getEnvironmentBySlug,
  updateEnvironment,
  deleteEnvironment,
  // tags
  createTag,
  listTags,
  getTag,
  getTagBySlug,
  updateTag,
  deleteTag,
  createWorkspaceTag,
  listWorkspaceTags,
  getWorkspaceTag,
  getWorkspaceTagBySlug,
  updateWorkspaceTag,
  deleteWorkspaceTag,
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
  listIdentities,
  getIdentityDetails,
  getIdentity,
  updateIdentity,
  deleteIdentity,
  attachUniversalAuth,
  getUniversalAuth,
  updateUniversalAuth,
  detachUniversalAuth,
  createClientSecret,
  listClientSecrets,
  getClientSecret,
  revokeClientSecret,
  // roles and who has them
  createRole,
  listRoles,
  getRole,
  getRoleBySlug,
  updateRole,
  addIdentityMembership,
  listIdentityMemberships,
  getIdentityMembership,
  updateIdentityMembership,
  removeIdentityMembership,
  addUserMemberships,
  addUserMembershipsV2,
  listUserMemberships,
  getUserMembership,
  updateUserMembership,
  removeUserMemberships,
  deleteRole,
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
