/** `dynamic-secrets delete`: no new leases, every old one revoked, then gone. */
import { type Columns, checkRowFormat, printRow } from "../formats.ts";
import type { Invocation } from "../invocation.ts";

interface Flags {
  force?: boolean;
}

interface Row {
  name: string;
  id: string;
  status: string;
}

const columns: Columns<Row> = [
  ["NAME", (row) => row.name],
  ["ID", (row) => row.id],
  ["STATUS", (row) => row.status],
];

/** Deletes a dynamic secret. Its leases are revoked behind the answer, without end. */
export async function deleteDynamicSecret(run: Invocation<Flags>, [name]: string[]): Promise<void> {
  checkRowFormat(run);
  const where = await run.where();
  const { dynamicSecrets } = run.client();
  const deleted = await dynamicSecrets.delete(name!, { ...where, ...(run.flags.force && { isForced: true }) });
  const status = deleted.status === null ? "deleted" : "deleting";
  if (status === "deleting") run.note(`the leases of ${deleted.name} are being revoked`);
  await printRow(run, { name: deleted.name, id: deleted.id, status }, columns);
}
