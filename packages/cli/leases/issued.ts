/** What is said when a lease was issued: the note that tells how to end it, and the seed's short JSON. */
import type { Lease } from "@dayfly/sdk";
import { formatOf, printMap } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { clock, instant } from "../ttl.ts";

/** Tells on stderr until when, and how to revoke. */
export function noteIssued({ note, placeFlags, world }: Invocation, name: string, lease: Lease): void {
  const until = clock(lease.expiresAt, world.now());
  note(`leased ${name} until ${until}; revoke: dayfly dynamic-secrets lease delete ${lease.leaseId} ${placeFlags()}`);
}

/** Prints `username`, `password`, `expires_at`; where a target has no such parts, its own. Always JSON unless `-o` asks. */
export async function printShort(
  invocation: Invocation,
  { username, password, data, expiresAt }: Lease,
): Promise<void> {
  const parts = username !== undefined && password !== undefined ? { username, password } : data;
  await printMap(invocation, { ...parts, expires_at: instant(expiresAt) }, formatOf(invocation, "json"));
}
