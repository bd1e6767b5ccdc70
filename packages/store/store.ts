/**
 * The store: PostgreSQL, opened.
 *
 * Opening checks the root key before anything is changed, migrates under one advisory lock (several nodes may start at
 * once), and counts audit rows per caller once they are durable.
 */
import type { KeyObject } from "node:crypto";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { countRecorded } from "./audit.ts";
import type { Caller, Db, Single, Tx } from "./db.ts";
import { Unavailable } from "./errors.ts";
import { checkRootKey, foundKeys, openKeyring } from "./keyring.ts";
import { migrate } from "./migrate.ts";
import { preparing } from "./prepared.ts";
import type { Tables } from "./tables.ts";
import { type Listener, listen } from "./wakeups.ts";

/** Any number that no other program is likely to take. */
const MIGRATION_LOCK = 7_214_201_604;

export interface Store extends Db {
  pool: pg.Pool;
  /**
   * Runs `work` in one transaction and commits it.
   * @throws Unavailable when the database was lost; whether the commit happened is then unknown.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Runs `work`, one statement that commits by itself.
   * @throws Unavailable when the database was lost; whether it has committed is then unknown.
   */
  single<T>(work: (db: Single) => Promise<T>): Promise<T>;
  /** Calls `heard` when another node says that something is due; a connection of its own, until stopped. */
  listen(heard: () => void): Listener;
  close(): Promise<void>;
}

export interface StoreOptions {
  connection: pg.PoolConfig;
  /** 32 bytes. */
  rootKey: KeyObject;
  /** Connections at most; with 16, PostgreSQL commits in groups. */
  poolSize?: number;
  /** Told what a lost idle connection said; nothing else can be done about it. */
  onConnectionError?: (error: Error) => void;
}

/** Whether an error means that the database could not be asked (lost, or its disk is full), rather than that it said no. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string") {
    return /^(08...|57P0[1-3]|53[0-4]00|58030|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/.test(
      code,
    );
  }
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
    error.message,
  );
}

async function prepare(client: pg.ClientBase, rootKey: KeyObject): Promise<string> {
  await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
  try {
    const known = await checkRootKey(client, rootKey);
    await migrate(client);
    return known ?? (await foundKeys(client, rootKey));
  } finally {
    await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
  }
}

/**
 * Connects, migrates and opens the keys.
 * @throws WrongRootKey (nothing was changed), Unavailable
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  let closed = false;
  // A connection that was told to end may still hear the server's own last word.
  const onConnectionError = (error: Error): void => {
    if (!closed) options.onConnectionError?.(error);
  };
  const base: pg.PoolConfig = {
    connectionTimeoutMillis: 5_000,
    application_name: "dayfly",
    ...options.connection,
  };
  // A small pool of its own for keys: see keyring.ts.
  const keyPool = new pg.Pool({ ...base, max: 1, idleTimeoutMillis: 10_000 });
  const pool = new pg.Pool({ ...base, max: options.poolSize ?? 16, statement_timeout: 15_000 });
  // A terminated connection emits `error`; unheard, it would end the process.
  keyPool.on("error", onConnectionError);
  pool.on("error", onConnectionError);
  pool.on("connect", (client) => client.on("error", onConnectionError));
  try {
    const client = await keyPool.connect();
    client.on("error", onConnectionError);
    let instanceId: string;
    try {
      instanceId = await prepare(client, options.rootKey);
    } finally {
      client.removeListener("error", onConnectionError);
      client.release();
    }
    const keys = await openKeyring(keyPool, options.rootKey, instanceId);
    const sql = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: preparing(pool) }) });
    return {
      sql,
      keys,
      pool,
      async transaction(work) {
        const recording: Caller[] = [];
        const committed: (() => void)[] = [];
        try {
          const result = await sql
            .transaction()
            .execute((transaction) => work({ sql: transaction, keys, recording, committed }));
          countRecorded(recording);
          for (const act of committed) act();
          return result;
        } catch (error) {
          if (isUnavailable(error))
            throw new Unavailable("the database was lost during a transaction", { cause: error });
          throw error;
        }
      },
      async single(work) {
        const recording: Caller[] = [];
        try {
          // On its connection from the start: the wait for one is over when `work` looks at the time.
          const result = await sql.connection().execute((connection) => work({ sql: connection, keys, recording }));
          countRecorded(recording);
          return result;
        } catch (error) {
          if (isUnavailable(error)) throw new Unavailable("the database was lost during a statement", { cause: error });
          throw error;
        }
      },
      listen: (heard) => listen({ ...base, application_name: "dayfly listener" }, heard),
      async close() {
        closed = true;
        await sql.destroy();
        await keyPool.end();
      },
    };
  } catch (error) {
    await Promise.allSettled([pool.end(), keyPool.end()]);
    throw error;
  }
}
