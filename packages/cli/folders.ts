/** `secrets folders`: the folders of an environment. */
import { usage } from "./exit.ts";
import { type Columns, checkRowFormat, printRow, printRows } from "./formats.ts";
import type { Invocation } from "./invocation.ts";

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
  const { id, name, path } = await run.client().folders.delete(nameOf(run), { ...(await run.where()), forceDelete });
  await printRow(run, { name, path, id }, columns);
}

function nameOf({ flags }: Invocation<Flags>): string {
  if (flags.name === undefined)
    throw usage("The folder has no name", "Give --name NAME, and the folder it lies in as --path");
  return flags.name;
}

function below(path: string, name: string): string {
  return `${path.replace(/\/+$/, "")}/${name}`;
}
