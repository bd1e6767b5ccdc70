/**
 * Statements under a name: PostgreSQL parses and plans each of them once a connection.
 *
 * Only Kysely's own connections go through here, and only texts that come again: the first few hundred get a name, what
 * comes after goes without. A change of the schema by a newer node makes a named plan unusable; that connection is then
 * given up, and its caller asks again.
 */
import type { PostgresPool, PostgresPoolClient } from "kysely";
import type pg from "pg";
import { Unavailable } from "./errors.ts";

const MOST = 400;
const LONGEST = 8_000;

/** A pool whose connections give recurring statements a name. */
export function preparing(pool: pg.Pool): PostgresPool {
  const names = new Map<string, string>();

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined || names.size >= MOST || text.length > LONGEST) return known;
    const name = `s${names.size}`;
    names.set(text, name);
    return name;
  }

  function wrap(client: pg.PoolClient): PostgresPoolClient {
    let isStale = false;
    const query = async (text: unknown, values?: readonly unknown[]) => {
      if (typeof text !== "string" || values === undefined || values.length === 0) {
        return client.query(text as string, values as unknown[]);
      }
      const name = nameOf(text);
      try {
        return await client.query({ ...(name === undefined ? {} : { name }), text, values: values as unknown[] });
      } catch (error) {
        if ((error as { code?: string }).code !== "0A000") throw error;
        isStale = true;
        throw new Unavailable("the schema changed under a prepared statement", { cause: error });
      }
    };
    return { query, release: () => client.release(isStale) } as unknown as PostgresPoolClient;
  }

  return { options: pool.options, connect: async () => wrap(await pool.connect()), end: () => pool.end() };
}
