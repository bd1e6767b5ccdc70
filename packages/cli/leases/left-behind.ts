/** `leases left-behind`: accounts that somebody let go of by force, with all that is needed to find them. */
import type { ListedLease } from "@dayfly/sdk";
import { CliError } from "../exit.ts";
import { type Columns, checkRowFormat, printRows } from "../formats.ts";
import type { Invocation } from "../invocation.ts";
import { whatToDo } from "../left-behind.ts";
import { instant } from "../ttl.ts";

interface Flags {
  organization?: boolean;
}

interface Row {
  account: string;
  target: string;
  type: string;
  dynamicSecret: string;
  project: string | null;
  environment: string | null;
  path: string | null;
  owner: string;
  since: string | null;
  why: string | null;
  id: string;
}

const columns: Columns<Row> = [
  ["ACCOUNT", (row) => row.account],
  ["TARGET", (row) => row.target],
  ["DYNAMIC SECRET", (row) => row.dynamicSecret],
  ["WHERE", (row) => [row.project, row.environment, row.path].filter(Boolean).join(" ")],
  ["OWNER", (row) => row.owner],
  ["SINCE", (row) => row.since],
  ["WHY", (row) => row.why],
  ["LEASE", (row) => row.id],
];

/** Lists them, of one project or of all. */
export async function listLeftBehind(run: Invocation<Flags>): Promise<void> {
  checkRowFormat(run);
  const { leases } = run.client();
  const list = run.flags.organization
    ? leases.ofOrganization("left-behind")
    : leases.ofProject(await projectId(run), "left-behind");
  const rows: Row[] = [];
  for await (const lease of list) rows.push(rowOf(lease));
  run.note(rows.length === 0 ? "no account is left behind" : whatToDo);
  await printRows(run, rows, columns);
}

async function projectId(run: Invocation): Promise<string> {
  const where = await run.where();
  if ("projectId" in where) return where.projectId;
  const found = (await run.client().projects.list()).find(({ slug }) => slug === where.projectSlug);
  if (found) return found.id;
  throw new CliError(
    "notFound",
    `There is no project ${where.projectSlug} for this identity`,
    "What a deleted project left behind is told by --organization",
  );
}

function rowOf(lease: ListedLease): Row {
  return {
    account: lease.externalEntityId,
    target: lease.target,
    type: lease.type,
    dynamicSecret: lease.dynamicSecretName,
    project: lease.projectSlug,
    environment: lease.environmentSlug,
    path: lease.path,
    owner: lease.owner.name,
    since: lease.leftBehindAt && instant(lease.leftBehindAt),
    why: lease.statusDetails,
    id: lease.id,
  };
}
