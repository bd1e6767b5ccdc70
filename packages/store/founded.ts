/** Whether a database is in use already. Asked before a root key is made, since a new key over old rows opens nothing. */
import pg from "pg";

/** Whether the database holds keys; changes nothing. */
export async function isFounded(connection: pg.PoolConfig): Promise<boolean> {
  const client = new pg.Client({ connectionTimeoutMillis: 5_000, ...connection });
  client.on("error", () => {});
  try {
    await client.connect();
    const table = await client.query("select to_regclass('sentinel') is not null as present");
    if (!table.rows[0].present) return false;
    return (await client.query("select 1 from sentinel")).rows.length > 0;
  } finally {
    await client.end();
  }
}
