/**
 * Leases as people look through them: over a project or the whole organization, newest first, page by page; those that have
 * ended too.
 *
 * Owns what a list may be narrowed by, and that a page costs no more than it has to: a project's living leases are bounded by
 * its limit, its history is read in the order of the page.
 */
import { type RawBuilder, sql } from "kysely";
import type { Db } from "./db.ts";
import type { Lease } from "./leases.ts";

/**
 * `failed`: an attempt at the end has failed, or somebody let go of it by force. `left-behind`: only the latter. `ended`:
 * proven gone.
 */
const listedStates = ["live", "revoking", "failed", "left-behind", "ended", "all"] as const;
export type ListedState = (typeof listedStates)[number];

const inState: Record<ListedState, RawBuilder<boolean>> = {
  live: sql<boolean>`l.state = 'active'`,
  revoking: sql<boolean>`l.state = 'revoking' and l.error is null and l.left_behind_at is null`,
  failed: sql<boolean>`l.state = 'revoking' and (l.error is not null or l.left_behind_at is not null)`,
  "left-behind": sql<boolean>`l.state = 'revoking' and l.left_behind_at is not null`,
  ended: sql<boolean>`true`,
  all: sql<boolean>`l.state <> 'intended'`,
};

/** What a list is narrowed by; all of it holds. */
export interface LeaseFilter {
  leaseIds?: string[];
  environment?: string;
  /** This folder and those below. */
  path?: string;
  dynamicSecretName?: string;
  type?: string;
  /** Host and port. */
  target?: string;
  /** Whose they are. */
  holderId?: string;
  /** The beginning of the account's name or of its holder's, in any case, or the whole id of the lease. */
  search?: string;
  expiresBefore?: Date;
  createdBefore?: Date;
  labels?: Record<string, string>;
}

/** A lease and where it hangs; the slugs and the path of something deleted are those it had. */
export interface ListedLease extends Lease {
  project_slug: string | null;
  environment: string | null;
  path: string | null;
  dynamic_secret_name: string;
  /** Of the dynamic secret. */
  metadata: { key: string; value: string }[];
  type: string;
  /** Host and port of the target. */
  address: string;
  /** What the page after this lease is asked for with. */
  cursor: string;
}

/** Leases `l` with all that they hang on. */
export const sources = sql`leases l
  join dynamic_secrets d on d.id = l.dynamic_secret_id
  join config_versions c on c.dynamic_secret_id = l.dynamic_secret_id and c.version = l.config_version
  left join folders f on f.id = d.folder_id and not f.deleting
  left join environments e on e.id = d.environment_id and not e.deleting
  left join projects p on p.id = d.project_id and not p.deleting`;

const environmentSlug = sql`coalesce(e.slug, d.was_at ->> 'environment')`;
const folderPath = sql`coalesce(f.path, d.was_at ->> 'path')`;
const columns = sql`l.*, d.name as dynamic_secret_name, d.metadata, d.type, c.address,
  coalesce(p.slug, d.was_at ->> 'project') as project_slug, ${environmentSlug} as environment, ${folderPath} as path,
  (extract(epoch from l.created_at) * 1000000)::bigint || '.' || l.id as cursor`;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Each by its own index, and before the rest: read in the order of the page instead, a history would be read to its end for
 * what is seldom in it.
 */
function found(search: string, within: RawBuilder<unknown>): RawBuilder<boolean> {
  const text = search.toLowerCase();
  // Escaped: what is typed is no pattern.
  const start = `${text.replace(/[\\%_]/g, (char) => `\\${char}`)}%`;
  const ways = [sql`lower(l.username) like ${start}`, sql`lower(l.actor_name) like ${start}`];
  if (uuid.test(text)) ways.push(sql`l.id = ${text}::uuid`);
  const parts = ways.map((way) => sql`select l.id from leases l where ${within} and ${way}`);
  return sql<boolean>`l.id = any(array(${sql.join(parts, sql` union `)}))`;
}

/** The condition of a filter on `sources`, for leases `l` that are `within` a part of the table. */
export function matching(filter: LeaseFilter, within: RawBuilder<unknown>): RawBuilder<boolean> {
  const { environment, path, search } = filter;
  const all = [sql`true`];
  if (filter.leaseIds !== undefined) all.push(sql`l.id = any(${filter.leaseIds}::uuid[])`);
  if (environment !== undefined) all.push(sql`${environmentSlug} = ${environment}`);
  if (path !== undefined && path !== "/") {
    all.push(sql`(${folderPath} = ${path} or starts_with(${folderPath}, ${`${path}/`}))`);
  }
  if (filter.dynamicSecretName !== undefined) all.push(sql`d.name = ${filter.dynamicSecretName}`);
  if (filter.type !== undefined) all.push(sql`d.type = ${filter.type}`);
  if (filter.target !== undefined) all.push(sql`c.address = ${filter.target}`);
  if (filter.holderId !== undefined) all.push(sql`l.actor_id = ${filter.holderId}::uuid`);
  if (filter.expiresBefore !== undefined) all.push(sql`l.expires_at < ${filter.expiresBefore}`);
  if (filter.createdBefore !== undefined) all.push(sql`l.created_at < ${filter.createdBefore}`);
  if (filter.labels !== undefined) all.push(sql`l.labels @> ${JSON.stringify(filter.labels)}::jsonb`);
  if (search !== undefined) all.push(found(search, within));
  return sql<boolean>`${sql.join(all, sql` and `)}`;
}

/** What is looked through. */
export interface Which extends LeaseFilter {
  projectId?: string;
  state: ListedState;
}

/** The rows of each of the two halves of the table that a state has: what has not ended, and history. */
function halves({ projectId, state, ...filter }: Which): RawBuilder<boolean>[] {
  const ofProject = projectId === undefined ? sql`true` : sql`l.project_id = ${projectId}`;
  const half = (end: RawBuilder<unknown>) => {
    const within = sql`${ofProject} and ${end}`;
    return sql<boolean>`${within} and ${inState[state]} and ${matching(filter, within)}`;
  };
  const living = half(sql`l.state <> 'gone'`);
  const ended = half(sql`l.state = 'gone'`);
  return state === "all" ? [living, ended] : [state === "ended" ? ended : living];
}

/** One page; `after` is the cursor of the last lease of the page before. */
export async function page(
  db: Db,
  which: Which,
  { limit, after }: { limit: number; after?: string },
): Promise<ListedLease[]> {
  const [micros, id] = after?.split(".") ?? [];
  // A Date has milliseconds, a row microseconds: the cursor is written and read here.
  const further =
    id === undefined
      ? sql`true`
      : sql`(l.created_at, l.id) < (timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond', ${id}::uuid)`;
  const parts = halves(which).map(
    (half) => sql`(select ${columns} from ${sources} where ${half} and ${further}
      order by l.created_at desc, l.id desc limit ${limit})`,
  );
  const { rows } = await sql<ListedLease>`
    select * from (${sql.join(parts, sql` union all `)}) as found
    order by created_at desc, id desc limit ${limit}`.execute(db.sql);
  return rows;
}

/** How many there are in all; counted up to `most` and not beyond. */
export async function count(db: Db, which: Which, most: number): Promise<number> {
  const parts = halves(which).map((half) => sql`(select 1 from ${sources} where ${half} limit ${most})`);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (${sql.join(parts, sql` union all `)}) as found`.execute(db.sql);
  return Math.min(most, rows[0]!.count);
}

/** One lease of a project, whether it has ended or not; undefined for what was never handed out or is another project's. */
export async function one(db: Db, projectId: string, leaseId: string): Promise<ListedLease | undefined> {
  const { rows } = await sql<ListedLease>`
    select ${columns} from ${sources}
    where l.id = ${leaseId} and l.project_id = ${projectId} and l.state <> 'intended'`.execute(db.sql);
  return rows[0];
}

/** Where leases hang and whose they are, by their ids: what decides who may know of them. */
export async function spots(
  db: Db,
  leaseIds: string[],
): Promise<
  {
    id: string;
    environment: string | null;
    path: string | null;
    name: string;
    metadata: { key: string; value: string }[];
    actor_type: string;
    actor_id: string;
    expires_at: Date;
  }[]
> {
  const { rows } = await sql<Awaited<ReturnType<typeof spots>>[number]>`
    select l.id, ${environmentSlug} as environment, ${folderPath} as path, d.name, d.metadata, l.actor_type, l.actor_id, l.expires_at
    from ${sources} where l.id = any(${leaseIds}::uuid[])`.execute(db.sql);
  return rows;
}
