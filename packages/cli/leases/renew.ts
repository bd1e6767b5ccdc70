/** `lease renew`: moves a lease's end. Renewing adds to the old end. */

import { usage } from "../exit.ts";
import { type Columns, checkRowFormat, printRow } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { checkTtl, instant, lengthOf } from "../ttl.ts";
import { renewableUntil } from "./room.ts";

interface Flags {
  ttl?: string;
  until?: string;
}

interface Row {
  id: string;
  expiredAt: string;
  expiresAt: string;
  renewableUntil: string | null;
}

const columns: Columns<Row> = [
  ["LEASE", (row) => row.id],
  ["WAS UNTIL", (row) => row.expiredAt],
  ["IS UNTIL", (row) => row.expiresAt],
  ["ROOM LEFT", (row) => row.renewableUntil && lengthOf(Date.parse(row.renewableUntil) - Date.parse(row.expiresAt))],
];

/** Renews one lease, by a length of time or up to a point in time. */
export async function renewLease(run: Invocation<Flags>, [id]: string[]): Promise<void> {
  const { ttl, until } = run.flags;
  checkRowFormat(run);
  if (ttl !== undefined && until !== undefined) throw usage("--ttl and --until exclude each other");
  if (ttl !== undefined) checkTtl("--ttl", ttl);
  if (until !== undefined && Number.isNaN(Date.parse(until))) {
    throw usage(`--until ${until} is not a time`, "For example --until 2026-01-31T18:00:00Z");
  }
  const where = await run.where();
  const { leases } = run.client();
  const before = await leases.get(id!, where);
  const added = until === undefined ? ttl : addedUntil(before.expireAt, until);
  const after = await leases.renew(id!, { ...where, ...(added !== undefined && { ttl: added }) });
  const limit = renewableUntil(before.createdAt, before.dynamicSecret.maxTTL);
  const row: Row = {
    id: after.id,
    expiredAt: instant(before.expireAt),
    expiresAt: instant(after.expireAt),
    renewableUntil: limit && instant(limit),
  };
  await printRow(run, row, columns);
}

function addedUntil(expireAt: string, until: string): string {
  const added = Math.ceil((Date.parse(until) - Date.parse(expireAt)) / 1000);
  if (added <= 0)
    throw usage(`The lease lasts until ${instant(expireAt)} already`, "Renewing can only move its end later");
  return `${added}s`;
}
