/** Rows as the wire shows them. */
import type { dynamicSecrets, leaseLists, leases } from "@dayfly/store";
import type { DynamicSecretView, LeaseHistoryView, LeaseView, ListedLeaseView } from "./api.ts";

type DynamicSecret = Awaited<ReturnType<typeof dynamicSecrets.byId>>;

/** The status of a dynamic secret that is being deleted while leases of it still end. */
export const IN_PROCESS = "Revocation in process";
const FAILED = "Failed to delete";

/** A lease: living has status null, ending says so, and after a failed attempt why. */
export function leaseView(lease: leases.Lease): LeaseView {
  const failed = lease.state === "revoking" && lease.error !== null;
  return {
    id: lease.id,
    version: 1,
    externalEntityId: lease.username,
    expireAt: lease.expires_at,
    status: lease.state !== "revoking" ? null : failed ? FAILED : IN_PROCESS,
    statusDetails: failed ? lease.error : null,
    dynamicSecretId: lease.dynamic_secret_id,
    createdAt: lease.created_at,
    updatedAt: lease.updated_at,
    config: lease.lease_config,
    owner: { type: lease.actor_type, id: lease.actor_id },
    ...(lease.beat_by === null ? {} : { beatBy: lease.beat_by }),
  };
}

/** A lease in a list, with where it hangs. */
export function listedLeaseView(lease: leaseLists.ListedLease): ListedLeaseView {
  return {
    ...leaseView(lease),
    projectId: lease.project_id,
    projectSlug: lease.project_slug,
    environmentSlug: lease.environment,
    path: lease.path,
    dynamicSecretName: lease.dynamic_secret_name,
    metadata: lease.metadata,
    type: lease.type,
    target: lease.address,
    ownerName: lease.actor_name,
    purpose: lease.purpose,
    ticket: lease.ticket,
    labels: lease.labels,
    leftBehindAt: lease.left_behind_at,
    reason: lease.reason,
    endedAt: lease.revoking_at,
    verifiedGoneAt: lease.gone_at,
    cursor: lease.cursor,
  };
}

/** The same with all that is known of how it was asked for and how it ended. */
export function leaseHistoryView(lease: leaseLists.ListedLease): LeaseHistoryView {
  return {
    ...listedLeaseView(lease),
    endedBy: lease.ended_by,
    proof: lease.proof,
    sourceIp: lease.source_ip,
    userAgent: lease.user_agent,
    sessionsKilled: lease.sessions_killed,
    attempts: lease.attempts,
    replaces: lease.replaces,
    replacedBy: lease.replaced_by,
  };
}

/** A dynamic secret, with as much of its inputs as was decided elsewhere. */
export function dynamicSecretView(
  secret: DynamicSecret,
  inputs?: Record<string, unknown>,
  { status = null, details = null }: { status?: string | null; details?: string | null } = {},
): DynamicSecretView {
  return {
    id: secret.id,
    name: secret.name,
    version: secret.version,
    type: secret.type,
    defaultTTL: secret.default_ttl,
    maxTTL: secret.max_ttl,
    folderId: secret.folder_id ?? "",
    status,
    statusDetails: details,
    createdAt: secret.created_at,
    updatedAt: secret.updated_at,
    usernameTemplate: secret.username_template,
    metadata: secret.metadata,
    frozen: secret.frozen ? "dynamic-secret" : secret.project_frozen ? "project" : null,
    gatewayId: null,
    gatewayV2Id: null,
    ...(inputs ? { inputs } : {}),
  };
}
