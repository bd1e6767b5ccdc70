/** Fingerprints of what is stored, to see that nothing of it was changed. */
import type { Store } from "@dayfly/store";
import type { Ground } from "./lab.ts";

/** These change with any request. */
const living = ["audit_events", "audit_links", "writers", "access_tokens", "user_sessions", "login_attempts"];
/** And these go on changing behind a request that was answered; in a project that nobody touches they do not. */
const behind = ["leases", "counters", "targets", "alerts", "idempotency_keys"];

/** The tables' fingerprints, by name. */
export type Prints = Record<string, string>;

/** Takes them. */
export interface Printer {
  /** Of everything that stays as it is while nobody changes it. */
  all(): Promise<Prints>;
  /** Of one project with all that is in it. */
  of(ground: Ground): Promise<Prints>;
}

/** Makes one for a store: a table that is new is looked at as well. */
export async function printer({ pool }: Store): Promise<Printer> {
  const { rows } = await pool.query<{ name: string; inside: boolean }>(
    `select t.table_name as name, bool_or(c.column_name = 'project_id') as inside
     from information_schema.tables t join information_schema.columns c using (table_schema, table_name)
     where t.table_schema = current_schema() and t.table_type = 'BASE TABLE' group by t.table_name`,
  );
  const still = rows.filter(({ name }) => !living.includes(name));
  const take = async (tables: [string, string][]): Promise<Prints> => {
    const selects = tables.map(
      ([
        name,
        where,
      ]) => `select '${name}' as name, md5(coalesce(string_agg(x::text, '|' order by x::text), '')) as print
        from ${name} x where ${where}`,
    );
    const found = await pool.query<{ name: string; print: string }>(selects.join(" union all "));
    return Object.fromEntries(found.rows.map(({ name, print }) => [name, print]));
  };
  return {
    all: () => take(still.filter(({ name }) => !behind.includes(name)).map(({ name }) => [name, "true"])),
    of: ({ projectId }) =>
      take([
        ...still
          .filter(({ inside }) => inside)
          .map(({ name }): [string, string] => [name, `project_id = '${projectId}'`]),
        ["projects", `id = '${projectId}'`],
      ]),
  };
}

/** Where two differ. */
export function changed(before: Prints, after: Prints): string[] {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}
