import { type RequestOf, readTtl, routes, type WhereGiven } from "@dayfly/contract";
import { Lease } from "./lease.ts";
import type { Call } from "./wire.ts";

/** How long the server waits for an account, unless it is told. */
const USUAL_WAIT = 10;

/** By how much an answer may come later because the account is waited for. */
function waitMs({ wait, waitFor }: RequestOf<typeof routes.createLease>["body"]): number {
  if (wait === "none" || (!wait && !waitFor)) return 0;
  return 1000 * ((waitFor ? readTtl(waitFor) : null) ?? USUAL_WAIT);
}

/** Leases. */
export function leasesGroup(call: Call) {
  return {
    /** Issues a credential: the only time it is shown. With `wait`, one that is known to work, or says that it is not. */
    create: async (body: RequestOf<typeof routes.createLease>["body"]) =>
      new Lease(await call(routes.createLease, { body }, waitMs(body))),
    /** Live leases of a dynamic secret. */
    list: async (name: string, query: WhereGiven) =>
      (await call(routes.listLeases, { params: { name }, query })).leases,
    get: async (leaseId: string, query: WhereGiven) =>
      (await call(routes.getLease, { params: { leaseId }, query })).lease,
    /** Adds a TTL to the lease's end. */
    renew: async (leaseId: string, body: RequestOf<typeof routes.renewLease>["body"]) =>
      (await call(routes.renewLease, { params: { leaseId }, body })).lease,
    /** Ends a lease; success means that its credential is gone. @throws RevocationPendingError while there is no proof. */
    revoke: async (leaseId: string, body: RequestOf<typeof routes.deleteLease>["body"]) =>
      (await call(routes.deleteLease, { params: { leaseId }, body })).lease,
  };
}
