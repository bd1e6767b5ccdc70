/** How many messages a session sends. */
import type { Session } from "../sql-database/postgres/session.ts";

/** Counts them from now on; called, it says how many there were. */
export function messagesOf({ db }: Pick<Session, "db">): () => number {
  const query = db.query.bind(db) as (sql: string) => Promise<unknown>;
  let sent = 0;
  db.query = ((sql: string) => {
    sent += 1;
    return query(sql);
  }) as typeof db.query;
  return () => sent;
}
