/** `lease list`: the live leases of one dynamic secret. */
import { type Columns, checkRowFormat, printRows } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { instant, lengthOf } from "../ttl.ts";
import { renewableUntil } from "./room.ts";

interface Row {
  id: string;
  account: string;
  status: string;
  issuedAt: string;
  expiresAt: string;
  renewableUntil: string | null;
}

const columns: Columns<Row> = [
  ["LEASE", (row) => row.id],
  ["ACCOUNT", (row) => row.account],
  ["STATUS", (row) => row.status],
  ["ISSUED", (row) => row.issuedAt],
  ["EXPIRES", (row) => row.expiresAt],
  [
    "ROOM TO RENEW",
    (row) => row.renewableUntil && lengthOf(Date.parse(row.renewableUntil) - Date.parse(row.expiresAt)),
  ],
];

/** Lists leases; ended ones are gone from it. */
export async function listLeases(run: Invocation, [name]: string[]): Promise<void> {
  checkRowFormat(run);
  const where = await run.where();
  const { dynamicSecrets, leases } = run.client();
  // The list of dynamic secrets holds no configuration, so who may only lease can read the maximum from it.
  const [found, all] = await Promise.all([leases.list(name!, where), dynamicSecrets.list(where)]);
  const maxTTL = all.find((secret) => secret.name === name!.toLowerCase())?.maxTTL;
  const rows = found.map((lease): Row => {
    const until = renewableUntil(lease.createdAt, maxTTL);
    return {
      id: lease.id,
      account: lease.externalEntityId,
      status: lease.status ?? "live",
      issuedAt: instant(lease.createdAt),
      expiresAt: instant(lease.expireAt),
      renewableUntil: until && instant(until),
    };
  });
  if (rows.length === 0) run.note(`no live leases of ${name}`);
  await printRows(run, rows, columns);
}
