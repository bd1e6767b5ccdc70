/** Brings a database to today's schema: numbered files, each once, each in its own transaction, its checksum kept. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type pg from "pg";

const folder = new URL("./migrations/", import.meta.url);

/**
 * Applies what is missing. The caller holds the migration lock, so that several nodes may start at once.
 * @returns the names of the files that were applied now.
 * @throws when a file that was applied has changed since, or the database is newer than this program.
 */
export async function migrate(client: pg.ClientBase): Promise<string[]> {
  await client.query(`create table if not exists migrations
    (name text primary key, checksum bytea not null, applied_at timestamptz not null default now())`);
  const { rows } = await client.query<{ name: string; checksum: Buffer }>("select name, checksum from migrations");
  const applied = new Map(rows.map((row) => [row.name, row.checksum]));
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  for (const name of applied.keys()) {
    if (!names.includes(name)) {
      throw new Error(
        `the database has the migration ${name}, which this version does not know: start the newer version`,
      );
    }
  }
  const now: string[] = [];
  for (const name of names) {
    const text = await readFile(new URL(name, folder), "utf8");
    const checksum = createHash("sha256").update(text).digest();
    const before = applied.get(name);
    if (before) {
      if (!before.equals(checksum)) throw new Error(`the migration ${name} was changed after it had been applied`);
      continue;
    }
    await client.query("begin");
    try {
      await client.query(text);
      await client.query("insert into migrations (name, checksum) values ($1, $2)", [name, checksum]);
      await client.query("commit");
    } catch (error) {
      await client.query("rollback");
      throw new Error(`the migration ${name} failed and was rolled back`, { cause: error });
    }
    now.push(name);
  }
  return now;
}
