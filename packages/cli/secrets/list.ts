/** `secrets`: the static secrets of a folder. */
import type { Secret } from "@dayfly/sdk";
import { type Columns, formatOf, MASK, masks, printMap, printRows } from "../formats.ts";
import type { Invocation } from "../invocation.ts";

interface Row {
  secretKey: string;
  secretValue: string;
  type: string;
}

const columns: Columns<Row> = [
  ["SECRET NAME", (row) => row.secretKey],
  ["SECRET VALUE", (row) => row.secretValue],
  ["SECRET TYPE", (row) => row.type],
];

/** Lists the folder's secrets. */
export async function listSecrets(run: Invocation): Promise<void> {
  formatOf(run);
  const secrets = await run.client().secrets.list(await run.where());
  if (secrets.length === 0) run.note(`no secrets in ${run.settings.path.value} of ${run.settings.environment.value}`);
  await printSecrets(run, secrets);
}

/** Prints secrets as a list, or as lines of an environment file. Masked on a terminal. */
export async function printSecrets(run: Invocation, secrets: Secret[]): Promise<void> {
  const rows = secrets.map(({ secretKey, secretValue, type }) => ({
    secretKey,
    secretValue: masks(run) ? MASK : secretValue,
    type,
  }));
  const format = formatOf(run);
  if (!format.startsWith("dotenv")) return await printRows(run, rows, columns);
  await printMap(run, Object.fromEntries(rows.map((row) => [row.secretKey, row.secretValue])), format);
}
