/** Leases over several dynamic secrets, page by page, and orders to end many of them. */
import { type InputOf, MOST_COUNTED, type routes } from "@dayfly/contract";
import type { ListedLeaseView } from "@dayfly/engine";
import { bulkRevocations, type LeaseFilter, NotFound } from "@dayfly/store";
import { ownerOf } from "../access/ability.ts";
import type { Ask, Handlers } from "../handler.ts";
import { Refusal } from "../refusal.ts";

const DYNAMIC = "dynamic-secrets";
const LIMIT = 50;

export const listProjectLeases: Handlers["listProjectLeases"] = async ({ input, project, may, note }, { engine }) => {
  const { limit = LIMIT, cursor } = input.query;
  const which = { ...whichOf(input.query), projectId: project.id };
  const [found, totalCount] = await Promise.all([
    engine.leasePage(which, { limit, after: cursor }),
    mayWithAll(may, "read") ? engine.countLeases(which, MOST_COUNTED) : null,
  ]);
  const visible = found.filter((lease) => may("lease-read", DYNAMIC, spotOf(lease)));
  note({ count: visible.length });
  return { leases: visible.map(shown), nextCursor: next(found, limit), totalCount };
};

export const getProjectLease: Handlers["getProjectLease"] = async ({ input, project }, { engine }) => ({
  lease: shown(await engine.history(project.id, input.params.leaseId)),
});

export const listOrganizationLeases: Handlers["listOrganizationLeases"] = async ({ input, note }, { engine }) => {
  const { limit = LIMIT, cursor } = input.query;
  const found = await engine.leasePage(whichOf(input.query), { limit, after: cursor });
  note({ count: found.length });
  return { leases: found.map(shown), nextCursor: next(found, limit) };
};

export const revokeLeases: Handlers["revokeLeases"] = async (ask, { engine }) => {
  const { leaseIds, filter, dryRun, digest, reason } = ask.input.body;
  const { id } = ask.project;
  if (!mayWithAll(ask.may, "revoke")) {
    throw new Refusal(
      "PermissionDenied",
      "Only who may end every lease of a project may revoke many: revoke yours one by one",
      {
        details: [{ action: "lease-revoke", subject: DYNAMIC }],
      },
    );
  }
  const which = leaseIds ? { leaseIds } : filterOf(filter ?? {});
  if (dryRun) {
    const preview = await engine.previewRevocation(id, which);
    ask.note({ count: preview.count, dryRun: true });
    return {
      ...preview,
      leases: preview.leases.filter((lease) => ask.may("lease-read", DYNAMIC, spotOf(lease))).map(shown),
    };
  }
  const revocation = await ask.write(async (tx) => {
    const ordered = await engine.orderRevocation(tx, ask.caller, id, which, { digest: digest!, reason });
    ask.note({ subjectId: ordered.id, count: ordered.count, reason });
    return { ...ordered, gone: 0, pending: ordered.count, failed: 0, reason, orderedAt: new Date() };
  });
  return { revocation };
};

export const getLeaseRevocation: Handlers["getLeaseRevocation"] = async ({ input, project, may }, { store }) => {
  const { revocationId } = input.params;
  const revocation = mayWithAll(may, "revoke")
    ? await bulkRevocations.progress(store, project.id, revocationId)
    : undefined;
  if (!revocation) throw new NotFound("revocation", revocationId);
  return { revocation };
};

/** Whether the caller may do this with any lease of the project, whosever it is and wherever it hangs. */
function mayWithAll(may: Ask["may"], act: "read" | "revoke"): boolean {
  const anywhere = { environment: undefined, path: undefined, name: undefined, owner: "" };
  return may(`lease-${act}`, DYNAMIC, anywhere);
}

function spotOf(lease: ListedLeaseView) {
  return {
    environment: lease.environmentSlug ?? undefined,
    path: lease.path ?? undefined,
    name: lease.dynamicSecretName,
    metadata: lease.metadata,
    owner: ownerOf(lease.owner),
  };
}

type Given = Omit<InputOf<typeof routes.listOrganizationLeases>["query"], "state" | "limit" | "cursor">;

function filterOf({ environmentSlug, identityId, ...rest }: Given & { labels?: Record<string, string> }): LeaseFilter {
  return { ...rest, environment: environmentSlug, holderId: identityId };
}

function whichOf({
  state = "live",
  limit: _limit,
  cursor: _cursor,
  ...filter
}: InputOf<typeof routes.listOrganizationLeases>["query"]) {
  return { ...filterOf(filter), state };
}

/** A full page may have one after it, which may be empty; what the caller may not see does not end the list. */
function next(found: ListedLeaseView[], limit: number): string | null {
  return found.length < limit ? null : found.at(-1)!.cursor;
}

function shown<V extends ListedLeaseView>({ owner, ownerName, ...lease }: V) {
  return { ...lease, owner: { kind: owner.type, id: owner.id, name: ownerName } };
}
