/** Every route, by name. Declared by noun in the files beside this one. */
import { verifyAuditLogs } from "./audit.ts";
import { renewToken, revokeToken, universalAuthLogin } from "./auth.ts";
import {
  createDynamicSecret,
  deleteDynamicSecret,
  getDynamicSecret,
  listDynamicSecrets,
  updateDynamicSecret,
} from "./dynamic-secrets.ts";
import { createEnvironment, deleteEnvironment, getEnvironment, updateEnvironment } from "./environments.ts";
import {
  createFolder,
  createFolderV2,
  deleteFolder,
  deleteFolderV2,
  getFolder,
  getFolderV2,
  listFolders,
  listFoldersV2,
} from "./folders.ts";
import { getHealth, getOpenApi, getReadiness, getStatus } from "./health.ts";
import {
  addIdentityMembership,
  createIdentity,
  deleteIdentity,
  getIdentity,
  getIdentityDetails,
  listIdentities,
  removeIdentityMembership,
  updateIdentity,
} from "./identities.ts";
import { listOrganizationLeases, listProjectLeases } from "./lease-lists.ts";
import { createLease, deleteLease, getLease, listLeases, renewLease } from "./leases.ts";
import { listAccessibleOrganizations, listOrganizations } from "./organizations.ts";
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
  createSecret,
  deleteSecret,
  getSecret,
  getSecretById,
  listSecrets,
  listSecretsV3,
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
  deleteFolder,
  deleteFolderV2,
  // secrets
  listSecrets,
  listSecretsV3,
  getSecretById,
  getSecret,
  createSecret,
  updateSecret,
  deleteSecret,
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
  addIdentityMembership,
  removeIdentityMembership,
  // dynamic secrets
  createDynamicSecret,
  listDynamicSecrets,
  getDynamicSecret,
  updateDynamicSecret,
  deleteDynamicSecret,
  // leases
  createLease,
  renewLease,
  deleteLease,
  getLease,
  listLeases,
  listProjectLeases,
  listOrganizationLeases,
  // audit
  verifyAuditLogs,
  // health
  getStatus,
  getHealth,
  getReadiness,
  getOpenApi,
} satisfies Record<string, Route>;

/** The name of a route. */
export type RouteName = keyof typeof routes;
