/** `secrets delete`: deletes secrets, of type shared unless told otherwise. */

import { usage } from "../exit.ts";
import { type Columns, checkRowFormat, printRows } from "../formats.ts";
import type { Invocation } from "../invocation.ts";

interface Flags {
  type?: string;
}

interface Row {
  secretKey: string;
  status: string;
}

const columns: Columns<Row> = [
  ["SECRET NAME", (row) => row.secretKey],
  ["STATUS", (row) => row.status],
];

/** Deletes each named secret, and tells of those deleted before a failure. */
export async function deleteSecrets(run: Invocation<Flags>, names: string[]): Promise<void> {
  checkRowFormat(run);
  const { type = "shared" } = run.flags;
  if (type !== "shared" && type !== "personal") throw usage(`The type ${type} is neither shared nor personal`);
  const where = await run.where();
  const rows: Row[] = [];
  try {
    for (const name of names) {
      await run.client().secrets.delete(name, { ...where, type });
      rows.push({ secretKey: name, status: "SECRET DELETED" });
    }
  } finally {
    if (rows.length > 0) await printRows(run, rows, columns);
  }
}
