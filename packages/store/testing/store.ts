/** A store of a test's own: a fresh database on a real PostgreSQL that the whole test file shares. */
import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import pg from "pg";
import { type PostgresServer, postgres18 } from "../../../scripts/servers/postgres.ts";
import { openStore, type Store } from "../store.ts";

/** The servers of one test file. */
export interface Stores {
  server: PostgresServer;
  /** An empty database; its connection. */
  database(): Promise<pg.PoolConfig>;
  /** A store on an empty database. */
  open(): Promise<Store>;
  stop(): Promise<void>;
}

/** A root key like those of real installations. */
export const testRootKey = () => createSecretKey(randomBytes(32));

/** Starts the server of one test file. */
export async function stores(): Promise<Stores> {
  const server = await postgres18();
  const opened: Store[] = [];
  const { stop: _stop, ...connection } = server;
  async function database(): Promise<pg.PoolConfig> {
    const name = `store_${randomUUID().replaceAll("-", "")}`;
    const admin = new pg.Client({ ...connection });
    await admin.connect();
    await admin.query(`create database ${name}`);
    await admin.end();
    return { ...connection, database: name };
  }
  return {
    server,
    database,
    async open() {
      const store = await openStore({ connection: await database(), rootKey: testRootKey(), poolSize: 8 });
      opened.push(store);
      return store;
    },
    async stop() {
      for (const store of opened) await store.close();
      await server.stop();
    },
  };
}
