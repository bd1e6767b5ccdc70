/** Leases as people look through them: over a project or the whole organization, newest first, page by page. */
import { type RawBuilder, sql } from "kysely";
import type { Db } from "./db.ts";
import type { Lease } from "./leases.ts";

/** `failed`: an attempt at the end has failed, or somebody let go of it by force. `left-behind`: only the latter. */
export const listedStates = ["live", "revoking", "failed", "left-behind"] as const;
export type ListedState = (typeof listedStates)[number];

const inState: Record<ListedState, RawBuilder<boolean>> = {
  live: sql<boolean>`l.state = 'active'`,
  revoking: sql<boolean>`l.state = 'revoking' and l.error is null and l.left_behind_at is null`,
  failed: sql<boolean>`l.state = 'revoking' and (l.error is not null or l.left_behind_at is not null)`,
  "left-behind": sql<boolean>`l.state = 'revoking' and l.left_behind_at is not null`,
};

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

/** Whether a text can be a cursor of these lists. */
export const cursorPattern = /^\d{1,17}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** One page; `after` is the cursor of the last lease of the page before. */
export async function page(
  db: Db,
  which: { projectId?: string; state: ListedState },
  { limit, after }: { limit: number; after?: string },
): Promise<ListedLease[]> {
  const { projectId, state } = which;
  const [micros, id] = after?.split(".") ?? [];
  // A Date has milliseconds, a row microseconds: the cursor is written and read here.
  const { rows } = await sql<ListedLease>`
    select l.*, d.name as dynamic_secret_name, d.metadata, d.type, c.address,
      coalesce(p.slug, d.was_at ->> 'project') as project_slug,
      coalesce(e.slug, d.was_at ->> 'environment') as environment,
      coalesce(f.path, d.was_at ->> 'path') as path,
      (extract(epoch from l.created_at) * 1000000)::bigint || '.' || l.id as cursor
    from leases l
      join dynamic_secrets d on d.id = l.dynamic_secret_id
      join config_versions c on c.dynamic_secret_id = l.dynamic_secret_id and c.version = l.config_version
      left join folders f on f.id = d.folder_id and not f.deleting
      left join environments e on e.id = d.environment_id and not e.deleting
      left join projects p on p.id = d.project_id and not p.deleting
    where l.state <> 'gone' and ${inState[state]}
      ${projectId === undefined ? sql`` : sql`and d.project_id = ${projectId}`}
      ${id === undefined ? sql`` : sql`and (l.created_at, l.id) < (timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond', ${id}::uuid)`}
    order by l.created_at desc, l.id desc limit ${limit}`.execute(db.sql);
  return rows;
}
