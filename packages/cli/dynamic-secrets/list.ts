/** `dynamic-secrets`: what the folder can issue, and how much of it is out. */
import { type Columns, checkRowFormat, printRows } from "../formats.ts";
import type { Invocation } from "../invocation.ts";

interface Row {
  name: string;
  type: string;
  defaultTTL: string;
  maxTTL: string | null;
  /** Null where the caller may not see leases. */
  liveLeases: number | null;
  health: string;
}

const columns: Columns<Row> = [
  ["NAME", (row) => row.name],
  ["TYPE", (row) => row.type],
  ["DEFAULT TTL", (row) => row.defaultTTL],
  ["MAX TTL", (row) => row.maxTTL],
  ["LIVE LEASES", (row) => row.liveLeases],
  ["HEALTH", (row) => row.health],
];

/** Lists the dynamic secrets of a folder. */
export async function listDynamicSecrets(run: Invocation): Promise<void> {
  checkRowFormat(run);
  const where = await run.where();
  const { dynamicSecrets, leases } = run.client();
  const found = await dynamicSecrets.list(where);
  if (found.length === 0) run.note(`no dynamic secrets in ${where.path} of ${where.environmentSlug}`);
  const rows = await Promise.all(
    found.map(async ({ name, type, defaultTTL, maxTTL, status }): Promise<Row> => {
      const live = await leases.list(name, where).then(
        (list) => list.length,
        () => null,
      );
      return { name, type, defaultTTL, maxTTL, liveLeases: live, health: status ?? "ok" };
    }),
  );
  await printRows(run, rows, columns);
}
