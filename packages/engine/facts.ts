/** What an audit row says of a lease, whatever happened to it. */
import type { leases } from "@dayfly/store";

/** The ids and names by which an audit row speaks of a lease; the target's address where it is at hand. */
export function leaseFacts(
  row: Pick<leases.Lease, "id" | "project_id" | "dynamic_secret_id" | "username"> & { replaces?: string | null },
  address?: string,
): {
  projectId: string;
  leaseId: string;
  dynamicSecretId: string;
  account: string;
  target?: string;
  replaces?: string;
} {
  return {
    projectId: row.project_id,
    leaseId: row.id,
    dynamicSecretId: row.dynamic_secret_id,
    account: row.username,
    ...(address === undefined ? {} : { target: address }),
    ...(row.replaces ? { replaces: row.replaces } : {}),
  };
}
