/** From rows of the audit trail to events: which rows are news, where they belong, and what of them is told. */
import type { EventKind, eventData } from "@dayfly/contract";
import { type auditReads, dynamicSecrets, leaseLists, type Store } from "@dayfly/store";
import type { z } from "zod";
import { ownerOf } from "../access/ability.ts";
import type { Spot } from "../access/rules.ts";

/** One event, and the places by which is decided who may know of it: one of them is enough. */
export interface News {
  sequence: bigint;
  kind: EventKind;
  spots: (Spot & { projectId: string })[];
  /** Told as it stands; what the place adds comes to it. */
  data: Omit<z.output<typeof eventData>, "projectId">;
}

const kinds: Record<string, EventKind> = {
  "lease.issued": "lease.issued",
  "lease.renewed": "lease.renewed",
  "lease.handed-over": "lease.renewed",
  "lease.revoke-requested": "lease.revoking",
  "lease.expired": "lease.revoking",
  "lease.revoke-failed": "lease.revoke-failed",
  "lease.gone": "lease.gone",
  "target.down": "target.down",
  "target.up": "target.up",
};

/** The news among these rows, of these projects. */
export async function newsOf(store: Store, rows: auditReads.LinkedRow[], projectIds: Set<string>): Promise<News[]> {
  const told = rows.filter(
    ({ event, outcome, projectId }) =>
      Object.hasOwn(kinds, event) && outcome !== "denied" && (projectId === null || projectIds.has(projectId)),
  );
  const leaseIds = told.flatMap(({ detail }) => text(detail.leaseId) ?? []);
  const addresses = told.flatMap(({ event, detail }) =>
    event.startsWith("target.") ? (text(detail.target) ?? []) : [],
  );
  const leases = leaseIds.length > 0 ? await leaseLists.spots(store, [...new Set(leaseIds)]) : [];
  const onTargets = addresses.length > 0 ? await dynamicSecrets.onTargets(store, [...new Set(addresses)]) : [];
  const spotOf = new Map(leases.map((lease) => [lease.id, lease]));
  return told.flatMap(({ sequence, event, at, projectId, detail }): News[] => {
    const common = { sequence: BigInt(sequence), kind: kinds[event]! };
    const lease = spotOf.get(text(detail.leaseId) ?? "");
    if (lease && projectId !== null) {
      const { name, metadata } = lease;
      const place = { environment: lease.environment ?? undefined, path: lease.path ?? undefined, name, metadata };
      const owner = ownerOf({ type: lease.actor_type, id: lease.actor_id });
      const data = {
        at,
        ...pick("leaseId", detail.leaseId),
        ...pick("dynamicSecretId", detail.dynamicSecretId),
        ...pick("externalEntityId", detail.account),
        ...pick("target", detail.target),
        ...pick("expireAt", detail.expiresAt),
        ...pick("reason", detail.reason),
        ...pick("errorClass", detail.errorClass),
      };
      return [{ ...common, spots: [{ ...place, owner, projectId }], data }];
    }
    const address = text(detail.target);
    if (!event.startsWith("target.") || address === undefined) return [];
    const spots = onTargets
      .filter((secret) => secret.address === address)
      .map(({ project_id: projectId, address: _, ...spot }) => ({ projectId, ...spot }));
    return [{ ...common, spots, data: { at, target: address, ...pick("errorClass", detail.errorClass) } }];
  });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function pick<K extends string>(name: K, value: unknown): { [key in K]?: string } {
  return (typeof value === "string" ? { [name]: value } : {}) as { [key in K]?: string };
}
