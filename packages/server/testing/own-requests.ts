/** A valid request for each route around leases that official servers do not have. */
import { providerOf, type Scene } from "./callers.ts";

/** On things of the scene, and on a lease and an order that are there. */
export function ownRequests({ loc, projectId, target }: Scene, known: { leaseId: string; revocationId: string }) {
  const dynamic = "/api/v1/dynamic-secrets";
  return {
    rotateLease: { path: `${dynamic}/leases/${known.leaseId}/rotate`, body: { ...loc, grace: "1s" } },
    beatLease: { path: `${dynamic}/leases/${known.leaseId}/beat`, body: loc },
    verifyDynamicSecret: {
      path: `${dynamic}/verify`,
      body: { ...loc, name: "unsaved", provider: providerOf(target), defaultTTL: "1h" },
    },
    previewDynamicSecret: {
      path: `${dynamic}/preview`,
      body: { ...loc, name: "unsaved", provider: providerOf(target), defaultTTL: "1h" },
    },
    getProjectLease: { path: `/api/v1/projects/${projectId}/leases/${known.leaseId}` },
    revokeLeases: { path: `/api/v1/projects/${projectId}/leases/revoke`, body: { filter: {} } },
    getLeaseRevocation: { path: `/api/v1/projects/${projectId}/leases/revocations/${known.revocationId}` },
    freezeLeases: {
      path: `/api/v1/projects/${projectId}/freeze`,
      body: { scope: { kind: "project" }, reason: "a walk" },
    },
    unfreezeLeases: {
      path: `/api/v1/projects/${projectId}/unfreeze`,
      body: { scope: { kind: "project" }, reason: "it is over" },
    },
    listFreezes: { path: `/api/v1/projects/${projectId}/freezes` },
    listAuditLogs: { path: `/api/v1/audit-logs?projectId=${projectId}&limit=5` },
    listProjectAuditLogs: { path: `/api/v1/projects/${projectId}/audit-logs` },
    streamEvents: { path: `/api/v1/events?projectId=${projectId}` },
    listTargets: { path: "/api/v1/targets" },
  };
}

/** Gives an order for no lease at all. @returns its id */
export async function revokeNothing(at: Scene): Promise<string> {
  const path = `/api/v1/projects/${at.projectId}/leases/revoke`;
  const token = at.tokens.admin;
  const filter = { dynamicSecretName: "nothing" };
  const { digest } = (await at.server.call("POST", path, { token, body: { filter } })).body;
  return (await at.server.call("POST", path, { token, body: { filter, dryRun: false, digest } })).body.revocation.id;
}
