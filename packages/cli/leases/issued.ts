/** What is said when a lease was issued: the note that tells how to end it, and the seed's short JSON. */
import type { Lease } from "@dayfly/sdk";
import { formatOf, printMap } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { clock, instant } from "../ttl.ts";

/** Tells on stderr until when, how to revoke, and that it does not work yet where that was waited for in vain. */
export function noteIssued({ note, placeFlags, warn, world }: Invocation, name: string, lease: Lease): void {
  const until = clock(lease.expiresAt, world.now());
  note(`leased ${name} until ${until}; revoke: dayfly dynamic-secrets lease delete ${lease.leaseId} ${placeFlags()}`);
  if (lease.ready === false) {
    const seconds = Math.round((lease.readyAfterMs ?? 0) / 1000);
    warn(`${name} is not known to work yet, after ${seconds} s: try the login again before you give it up`);
  }
}

/** Prints `username`, `password`, `expires_at`; where a target has no such parts, its own. Always JSON unless `-o` asks. */
export async function printShort(
  invocation: Invocation,
  { username, password, data, expiresAt }: Lease,
): Promise<void> {
  const parts = username !== undefined && password !== undefined ? { username, password } : data;
  await printMap(invocation, { ...parts, expires_at: instant(expiresAt) }, formatOf(invocation, "json"));
}
