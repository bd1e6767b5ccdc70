/** Whether what the server acknowledges outlives a power cut. */
import type pg from "pg";
import { NotDurable } from "./errors.ts";

const needed = ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"];

/**
 * Asks the server itself, so that it does not matter where a setting comes from.
 * @throws NotDurable
 */
export async function checkDurable(admin: pg.Client, dataDir: string): Promise<void> {
  const { rows } = await admin.query<{ name: string; setting: string }>(
    "select name, setting from pg_settings where name = any($1) and setting <> 'on' order by name",
    [needed],
  );
  if (rows.length > 0) {
    throw new NotDurable(
      dataDir,
      rows.map((row) => `${row.name} is ${row.setting}`),
    );
  }
}
