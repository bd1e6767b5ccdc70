/** Leases over several dynamic secrets, page by page. */
import type { ListedLeaseView } from "@dayfly/engine";
import { ownerOf } from "../access/ability.ts";
import type { Handlers } from "../handler.ts";

const LIMIT = 50;

export const listProjectLeases: Handlers["listProjectLeases"] = async ({ input, project, may, note }, { engine }) => {
  const { state = "live", limit = LIMIT, cursor } = input.query;
  const found = await engine.leasePage({ projectId: project.id, state }, { limit, after: cursor });
  const visible = found.filter((lease) =>
    may("lease-read", "dynamic-secrets", {
      environment: lease.environmentSlug ?? undefined,
      path: lease.path ?? undefined,
      name: lease.dynamicSecretName,
      metadata: lease.metadata,
      owner: ownerOf(lease.owner),
    }),
  );
  note({ count: visible.length });
  return { leases: visible.map(shown), nextCursor: next(found, limit) };
};

export const listOrganizationLeases: Handlers["listOrganizationLeases"] = async ({ input, note }, { engine }) => {
  const { state = "live", limit = LIMIT, cursor } = input.query;
  const found = await engine.leasePage({ state }, { limit, after: cursor });
  note({ count: found.length });
  return { leases: found.map(shown), nextCursor: next(found, limit) };
};

/** A full page may have one after it, which may be empty; what the caller may not see does not end the list. */
function next(found: ListedLeaseView[], limit: number): string | null {
  return found.length < limit ? null : found.at(-1)!.cursor;
}

function shown({ owner, ownerName, ...lease }: ListedLeaseView) {
  return { ...lease, owner: { kind: owner.type, id: owner.id, name: ownerName } };
}
