/** How an attempt at ending an account ended. */
import type { leases } from "@dayfly/store";

/** `moved`: somebody else works on the row, and will say how it went. */
export type Outcome =
  | { kind: "gone"; lease: leases.Lease }
  | { kind: "accepted"; lease: leases.Lease }
  | { kind: "pending"; lease: leases.Lease; retryAfter: number; reason: string }
  | { kind: "moved" };
