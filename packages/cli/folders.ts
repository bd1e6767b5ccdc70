/** `secrets folders`: the folders of an environment. */
import { CliError, usage } from "./exit.ts";
import { type Columns, checkRowFormat, printRow, printRows } from "./formats.ts";
import type { Invocation } from "./invocation.ts";
import { warnLeftBehind } from "./left-behind.ts";
import type { Where } from "./place.ts";

interface Row {
  name: string;
  path: string;
  id: string;
}

const columns: Columns<Row> = [
  ["FOLDER", (row) => row.name],
  ["PATH", (row) => row.path],
  ["ID", (row) => row.id],
];

interface Flags {
  name?: string;
  force?: boolean;
}

/** Lists the folders in a folder. */
export async function listFolders(run: Invocation): Promise<void> {
  checkRowFormat(run);
  const where = await run.where();
  const folders = await run.client().folders.list(where);
  if (folders.length === 0) run.note(`no folders in ${where.path} of ${where.environmentSlug}`);
  await printRows(
    run,
    folders.map(({ id, name }) => ({ name, path: below(where.path, name), id })),
    columns,
  );
}

/** Makes a folder. */
export async function createFolder(run: Invocation<Flags>): Promise<void> {
  checkRowFormat(run);
  const { id, name, path } = await run.client().folders.create({ ...(await run.where()), name: nameOf(run) });
  await printRow(run, { name, path, id }, columns);
}

/** Deletes a folder; one that holds something only with `--force`. */
export async function deleteFolder(run: Invocation<Flags>): Promise<void> {
  checkRowFormat(run);
  const forceDelete = run.flags.force === true;
  const [given, where] = [nameOf(run), await run.where()];
  if (!forceDelete) await refuseFull(run, { ...where, path: below(where.path, given) });
  const deleted = await run.client().folders.delete(given, { ...where, forceDelete });
  if (deleted.status !== null) run.note(`the leases in ${deleted.path} are being revoked`);
  warnLeftBehind(run, deleted);
  const { id, name, path } = deleted;
  await printRow(run, { name, path, id }, columns);
}

/** The server deletes a folder with all that is in it, as the wire has it; a typing error should not cost that much. */
async function refuseFull(run: Invocation, where: Where): Promise<void> {
  const { folders, secrets, dynamicSecrets } = run.client();
  const held = [
    ["folders", await folders.list(where)],
    ["secrets", await secrets.list(where)],
    ["dynamic secrets", await dynamicSecrets.list(where)],
  ] as const;
  const full = held.filter(([, list]) => list.length > 0).map(([what, list]) => `${what} (${list.length})`);
  if (full.length === 0) return;
  throw new CliError("invalid", `The folder ${where.path} holds ${full.join(", ")}`, "Delete all of it with --force");
}

function nameOf({ flags }: Invocation<Flags>): string {
  if (flags.name === undefined)
    throw usage("The folder has no name", "Give --name NAME, and the folder it lies in as --path");
  return flags.name;
}

function below(path: string, name: string): string {
  return `${path.replace(/\/+$/, "")}/${name}`;
}
