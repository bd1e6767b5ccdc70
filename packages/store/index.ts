/** @dayfly/store: PostgreSQL, sealed. One namespace a table. */
export * as accessTokens from "./access-tokens.ts";
export * as alerts from "./alerts.ts";
export * as audit from "./audit.ts";
export * as auditChain from "./audit-chain.ts";
export * as auditReads from "./audit-reads.ts";
export * as backlog from "./backlog.ts";
export * as bulkRevocations from "./bulk-revocations.ts";
export * as clientSecrets from "./client-secrets.ts";
export * as configVersions from "./config-versions.ts";
export * as counters from "./counters.ts";
export type { Caller, Db, Single, Tx } from "./db.ts";
export * as dynamicSecrets from "./dynamic-secrets.ts";
export { type Embedded, startEmbedded } from "./embedded/index.ts";
export * as environments from "./environments.ts";
export * from "./errors.ts";
export * as fencing from "./fencing.ts";
export * as folders from "./folders.ts";
export { isFounded } from "./founded.ts";
export * as freezes from "./freezes.ts";
export * as idempotencyKeys from "./idempotency-keys.ts";
export * as identities from "./identities.ts";
export type { LeaseFilter, ListedState } from "./lease-lists.ts";
export * as leaseLists from "./lease-lists.ts";
export * as leases from "./leases.ts";
export * as leftBehind from "./left-behind.ts";
export * as loginAttempts from "./login-attempts.ts";
export * as memberships from "./memberships.ts";
export { move } from "./moves.ts";
export * as organizations from "./organizations.ts";
export * as projects from "./projects.ts";
export * as remains from "./remains.ts";
export * as renewals from "./renewals.ts";
export * as replacements from "./replacements.ts";
export * as revocations from "./revocations.ts";
export * as roles from "./roles.ts";
export * as secretImports from "./secret-imports.ts";
export * as secretOverrides from "./secret-overrides.ts";
export * as secretVersions from "./secret-versions.ts";
export * as secrets from "./secrets.ts";
export { isUnavailable, openStore, type Store, type StoreOptions } from "./store.ts";
export * as subtree from "./subtree.ts";
export {
  type AlertFacts,
  type AlertKind,
  alertKinds,
  type LeaseReason,
  type LeaseState,
  leaseReasons,
  leaseStates,
  type OrgRole,
  type Proof,
  type RoleGrant,
  type RoleRule,
} from "./tables.ts";
export * as tags from "./tags.ts";
export * as targets from "./targets.ts";
export * as userLinks from "./user-links.ts";
export * as userSessions from "./user-sessions.ts";
export * as users from "./users.ts";
export * as wakeups from "./wakeups.ts";
