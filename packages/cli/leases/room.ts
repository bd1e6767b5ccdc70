/** How far a lease can still be renewed. */
import { readTtl } from "@dayfly/sdk";

/** The latest end that renewals can reach; null where the dynamic secret sets no maximum. */
export function renewableUntil(createdAt: string, maxTTL: string | null | undefined): Date | null {
  const seconds = maxTTL ? readTtl(maxTTL) : null;
  return seconds === null ? null : new Date(Date.parse(createdAt) + seconds * 1000);
}
