/** Dynamic secrets and their leases. */
import { until } from "../moments.ts";
import type { Entries } from "./entry.ts";
import { type Ground, type Lab, newName, type Thing } from "./lab.ts";

const dynamic = "/api/v1/dynamic-secrets";
const ofProject = ({ projectId }: Ground) => `/api/v1/projects/${projectId}`;

const postgres = async (): Promise<Thing> => ({ id: crypto.randomUUID(), name: "postgres" });

async function dynamicSecret({ done, provider }: Lab, { loc, mark }: Ground): Promise<Thing> {
  const name = newName();
  const metadata = [{ key: "mark", value: mark }];
  const made = await done("POST", dynamic, { ...loc, name, provider, defaultTTL: "1h", metadata });
  return { id: made.dynamicSecret.id, name };
}

async function lease({ done }: Lab, { loc }: Ground, token: string): Promise<Thing> {
  const body = { ...loc, dynamicSecretName: "postgres", ttl: "10m", heartbeat: "1h" };
  const made = await done("POST", `${dynamic}/leases`, body, token);
  return { id: made.lease.id, name: made.lease.externalEntityId };
}

const endsAny = { action: "lease-revoke", subject: "dynamic-secrets", where: "anywhere" } as const;

/** An order for no lease at all, and carried out. */
async function revocation({ done, server }: Lab, ground: Ground): Promise<Thing> {
  const path = `${ofProject(ground)}/leases/revoke`;
  const name = newName();
  const filter = { dynamicSecretName: name };
  const { digest } = await done("POST", path, { filter });
  const { id } = (await done("POST", path, { filter, dryRun: false, digest })).revocation;
  const order = server.running.store.sql.selectFrom("bulk_revocations").select("moved_at").where("id", "=", id);
  await until(async () => (await order.executeTakeFirstOrThrow()).moved_at !== null);
  return { id, name };
}

async function frozen(lab: Lab, ground: Ground): Promise<Thing> {
  const made = await dynamicSecret(lab, ground);
  await lab.done("POST", `${ofProject(ground)}/freeze`, freeze(made.id));
  return made;
}

const freeze = (id: string) => ({ scope: { kind: "dynamic-secret", id }, reason: "a matrix" });

export function ofLeases({ provider }: Pick<Lab, "provider">) {
  const draft = ({ loc }: Ground, name: string) => ({ ...loc, name, provider, defaultTTL: "1h" });
  return {
    createDynamicSecret: { ask: (at, { name }) => ({ path: dynamic, body: draft(at, name) }) },
    listDynamicSecrets: { ask: ({ query }) => ({ path: `${dynamic}?${query}` }) },
    getDynamicSecret: { make: postgres, ask: ({ query }, { name }) => ({ path: `${dynamic}/${name}?${query}` }) },
    updateDynamicSecret: {
      make: dynamicSecret,
      ask: ({ loc }, { name }) => ({ path: `${dynamic}/${name}`, body: { ...loc, data: { defaultTTL: "2h" } } }),
    },
    deleteDynamicSecret: {
      make: dynamicSecret,
      spends: true,
      ask: ({ loc }, { name }) => ({ path: `${dynamic}/${name}`, body: loc }),
    },
    verifyDynamicSecret: { ask: (at, { name }) => ({ path: `${dynamic}/verify`, body: draft(at, name) }) },
    previewDynamicSecret: { ask: (at, { name }) => ({ path: `${dynamic}/preview`, body: draft(at, name) }) },
    createLease: {
      make: postgres,
      ask: ({ loc }, { name }) => ({ path: `${dynamic}/leases`, body: { ...loc, dynamicSecretName: name } }),
    },
    renewLease: {
      make: lease,
      isOwned: true,
      ask: ({ loc }, { id }) => ({ path: `${dynamic}/leases/${id}/renew`, body: { ...loc, ttl: "1m" } }),
    },
    rotateLease: {
      make: lease,
      also: { action: "lease-create", subject: "dynamic-secrets", where: "there" },
      isOwned: true,
      spends: true,
      ask: ({ loc }, { id }) => ({ path: `${dynamic}/leases/${id}/rotate`, body: { ...loc, grace: "1h" } }),
    },
    beatLease: {
      make: lease,
      isOwned: true,
      ask: ({ loc }, { id }) => ({ path: `${dynamic}/leases/${id}/beat`, body: loc }),
    },
    getLease: {
      make: lease,
      isOwned: true,
      ask: ({ query }, { id }) => ({ path: `${dynamic}/leases/${id}?${query}` }),
    },
    deleteLease: {
      make: lease,
      isOwned: true,
      spends: true,
      ask: ({ loc }, { id }) => ({ path: `${dynamic}/leases/${id}`, body: loc }),
    },
    listLeases: { make: postgres, ask: ({ query }, { name }) => ({ path: `${dynamic}/${name}/leases?${query}` }) },
    listProjectLeases: { ask: (at) => ({ path: `${ofProject(at)}/leases` }) },
    getProjectLease: {
      make: lease,
      isOwned: true,
      ask: (at, { id }) => ({ path: `${ofProject(at)}/leases/${id}` }),
    },
    revokeLeases: { also: endsAny, ask: (at) => ({ path: `${ofProject(at)}/leases/revoke`, body: { filter: {} } }) },
    getLeaseRevocation: {
      make: revocation,
      also: { ...endsAny, told: "NotFound" },
      ask: (at, { id }) => ({ path: `${ofProject(at)}/leases/revocations/${id}` }),
    },
    freezeLeases: { make: dynamicSecret, ask: (at, { id }) => ({ path: `${ofProject(at)}/freeze`, body: freeze(id) }) },
    unfreezeLeases: {
      make: frozen,
      spends: true,
      ask: (at, { id }) => ({ path: `${ofProject(at)}/unfreeze`, body: freeze(id) }),
    },
    listFreezes: { ask: (at) => ({ path: `${ofProject(at)}/freezes` }) },
    listOrganizationLeases: { ask: () => ({ path: "/api/v1/organization/leases" }) },
    streamEvents: { ask: ({ projectId }) => ({ path: `/api/v1/events?projectId=${projectId}` }) },
    listTargets: { ask: () => ({ path: "/api/v1/targets" }) },
    verifyAuditLogs: { ask: () => ({ path: "/api/v1/audit-logs/verify" }) },
    listAuditLogs: { ask: () => ({ path: "/api/v1/audit-logs?limit=5" }) },
    listProjectAuditLogs: { ask: (at) => ({ path: `${ofProject(at)}/audit-logs?limit=5` }) },
  } as const satisfies Entries;
}
