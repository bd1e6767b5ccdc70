/** Leases that begin to end because they are due: what the audit trail says of each. */
import { audit, type revocations, type Tx } from "@dayfly/store";
import { leaseFacts } from "./facts.ts";

/** An audit row for each lease that has just begun to end because it was due. */
export async function recordExpiry(tx: Tx, rows: revocations.Claimed[]): Promise<void> {
  const events = rows
    .filter((row) => row.was !== "revoking" && !row.renews)
    .map((row) => ({
      event: row.was === "active" ? "lease.expired" : "lease.create-failed",
      ...(row.was === "active" ? {} : { outcome: "failed" as const }),
      ...leaseFacts(row),
      expiresAt: row.expires_at.toISOString(),
      ...(row.reason === "missed-beat" ? { reason: row.reason } : {}),
    }));
  await audit.appendAll(tx, audit.systemCaller, events);
}
