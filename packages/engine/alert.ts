/** How people are told of leases that do not end: one alert a target, however many leases wait there. */
import { alerts, type Tx } from "@dayfly/store";

/** A lease that does not end, as far as people are told. */
export interface Stuck {
  id: string;
  project_id: string;
  dynamic_secret_id: string;
  username: string;
  /** Host and port. */
  address: string;
  error: string | null;
  error_class?: string | null;
  expires_at?: Date;
  revoking_at?: Date | null;
}

/** Tells of these leases, in the transaction that finds them: of each target the one that waits longest, and how many. */
export async function alertOf(tx: Tx, kind: "lease.attention" | "lease.left-behind", found: Stuck[]): Promise<void> {
  const since = ({ revoking_at }: Stuck): number => revoking_at?.getTime() ?? Number.POSITIVE_INFINITY;
  for (const [address, rows] of Map.groupBy(found, (lease) => lease.address)) {
    const oldest = rows.reduce((first, one) => (since(one) < since(first) ? one : first));
    await alerts.raise(tx, {
      kind,
      lease: {
        id: oldest.id,
        projectId: oldest.project_id,
        dynamicSecretId: oldest.dynamic_secret_id,
        account: oldest.username,
        ...(oldest.expires_at && { expiresAt: oldest.expires_at.toISOString() }),
        ...(oldest.revoking_at && { revokingSince: oldest.revoking_at.toISOString() }),
      },
      count: rows.length,
      target: { address },
      ...(oldest.error_class && { errorClass: oldest.error_class }),
      ...(oldest.error !== null && { reason: oldest.error }),
    });
  }
}
