/** `dynamic-secrets delete`: no new leases, every old one revoked, then gone. */
import type { LeftBehind } from "@dayfly/sdk";
import { type Columns, checkRowFormat, printRow } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { warnLeftBehind } from "../left-behind.ts";

interface Flags {
  force?: boolean;
}

interface Row {
  name: string;
  id: string;
  status: string;
  /** By force: accounts that could not be ended. */
  leftBehind?: LeftBehind[];
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
  warnLeftBehind(run, deleted);
  const { name: called, id, leftBehind } = deleted;
  await printRow(run, { name: called, id, status, ...(run.flags.force && { leftBehind }) }, columns);
}
