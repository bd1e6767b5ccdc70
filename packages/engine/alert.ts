/** What people are told of a lease that does not end: an alert and an audit row, in the transaction that finds it out. */
import { alerts, audit, type Caller, type leases, type Tx } from "@dayfly/store";
import { leaseFacts } from "./facts.ts";

/** Tells of `row`, on the target at `address`. */
export async function alertOf(
  tx: Tx,
  caller: Caller,
  kind: "lease.attention",
  row: leases.Lease,
  address: string,
): Promise<void> {
  const errorClass = row.error_class ?? undefined;
  await audit.append(tx, caller, { event: kind, ...leaseFacts(row, address), ...(errorClass && { errorClass }) });
  await alerts.raise(tx, {
    kind,
    lease: {
      id: row.id,
      projectId: row.project_id,
      dynamicSecretId: row.dynamic_secret_id,
      account: row.username,
      expiresAt: row.expires_at.toISOString(),
      ...(row.revoking_at && { revokingSince: row.revoking_at.toISOString() }),
    },
    target: { address },
    ...(errorClass && { errorClass }),
    ...(row.error !== null && { reason: row.error }),
  });
}
