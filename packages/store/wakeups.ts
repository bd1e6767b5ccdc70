/**
 * Wake-ups over nodes: a NOTIFY for what falls due within seconds, heard on a connection of its own.
 *
 * A hint and no more: whoever misses one looks by itself a few seconds later. It is sent rarely, since a NOTIFY takes a
 * lock of the whole server at commit. Not through the pool: a listening session must not be another's in between.
 */
import { sql } from "kysely";
import pg from "pg";
import type { Tx } from "./db.ts";

const CHANNEL = "dayfly_due";
const RECONNECT_MS = 5_000;

/** Tells every node, when `tx` commits, that something is due now or a target's breaker has moved. */
export async function wakeAll(tx: Tx): Promise<void> {
  await sql`select pg_notify(${CHANNEL}, '')`.execute(tx.sql);
}

/** A listener; `stop` ends it. */
export interface Listener {
  stop(): Promise<void>;
}

/** Calls `heard` at every wake-up, and after each reconnection, until stopped. */
export function listen(connection: pg.ClientConfig, heard: () => void): Listener {
  let stopped = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let connecting: Promise<void> = Promise.resolve();

  const again = (lost: pg.Client): void => {
    if (stopped || lost !== client) return;
    client = undefined;
    lost.end().catch(() => undefined);
    timer = setTimeout(connect, RECONNECT_MS);
  };

  function connect(): void {
    const fresh = new pg.Client({ connectionTimeoutMillis: RECONNECT_MS, keepAlive: true, ...connection });
    client = fresh;
    fresh.on("error", () => again(fresh));
    fresh.on("end", () => again(fresh));
    fresh.on("notification", heard);
    connecting = fresh
      .connect()
      .then(() => fresh.query(`listen ${CHANNEL}`))
      .then(heard)
      .catch(() => again(fresh));
  }

  connect();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await connecting;
      await client?.end().catch(() => undefined);
    },
  };
}
