import { type RequestOf, routes, type WhereGiven } from "@dayfly/contract";
import { Lease } from "./lease.ts";
import type { Call } from "./wire.ts";

/** Leases. */
export function leasesGroup(call: Call) {
  return {
    /** Issues a credential: the only time it is shown. */
    create: async (body: RequestOf<typeof routes.createLease>["body"]) =>
      new Lease(await call(routes.createLease, { body })),
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
