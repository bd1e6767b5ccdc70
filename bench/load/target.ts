/**
 * The target: a PostgreSQL with fsync on, the database `orders` of ten tables, and an admin that is no superuser.
 *
 * Owns the configurations that are measured. `ro` is the seed's: grants on all tables. `m` puts the account into a role
 * that holds them. `n` grants nothing, which leaves the server's own cost.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { seedCreation, seedRevocation } from "../../e2e/testing/orders.ts";
import { postgres15, postgres18 } from "../../scripts/servers/postgres.ts";
import { parentOf } from "./processes.ts";

/** What is granted. */
export type Grant = "ro" | "m" | "n";

/** One configuration: what is granted, and how many rounds of hashing its passwords cost. */
export interface Config {
  grant: Grant;
  rounds: number;
}

/** Its name, also as a dynamic secret. */
export const nameOf = ({ grant, rounds }: Config): string => `${grant}-${rounds}`;

/** All that is measured. */
export const configs: Config[] = (["ro", "m", "n"] as const).flatMap((grant) =>
  [4_096, 1].map((rounds) => ({ grant, rounds })),
);

/** The role that holds what an account of `m` may do. */
export const GROUP = "orders_read";

const makeRole = `CREATE ROLE "{{username}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'`;

/** What an operator would have typed. */
export const statements: Record<Grant, { creation: string; revocation: string }> = {
  ro: { creation: seedCreation, revocation: seedRevocation },
  m: { creation: `${makeRole} IN ROLE ${GROUP};`, revocation: seedRevocation },
  n: { creation: `${makeRole};`, revocation: seedRevocation },
};

/** The running target. */
export interface Target {
  host: string;
  port: number;
  database: string;
  admin: { username: string; password: string };
  /** Of its first process. */
  pid: number;
  version: string;
  /** Logs in to `orders`, as its admin or as `login`. */
  connect(login?: { username: string; password: string }): Promise<pg.Client>;
  /** As superuser, in `orders`. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** How many roles there are that were not there at the start. */
  accounts(): Promise<number>;
  /** Takes away what dropped roles have left in the catalogues, as its autovacuum would in time. */
  tidy(): Promise<void>;
  stop(): Promise<void>;
}

const TABLES = 10;

/**
 * The releases that can be had. From 16 on each account that stands makes the next ones dearer for an admin who is no
 * superuser: it is a member of all that it makes.
 */
const releases = { 15: postgres15, 18: postgres18 };
export type Release = keyof typeof releases;
export const isRelease = (name: number): name is Release => name in releases;

/** Starts it. */
export async function startTarget(release: Release): Promise<Target> {
  const durable = { fsync: "on", full_page_writes: "on", synchronous_commit: "on", max_connections: "150" };
  const postgres = await releases[release]({ settings: durable });
  const { host, port } = postgres;
  const open = async (database: string, username: string, password: string): Promise<pg.Client> => {
    const client = new pg.Client({ host, port, database, user: username, password });
    // A session that is cut says so by this event; unheard it would end the process.
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const admin = { username: "orders_admin", password: randomBytes(18).toString("base64url") };
  const superuser = await open("postgres", postgres.user, postgres.password);
  await superuser.query(`create role ${admin.username} login createrole password '${admin.password}'`);
  await superuser.query(`grant pg_signal_backend to ${admin.username}`);
  await superuser.query(`create role ${GROUP}`);
  await superuser.query(`grant ${GROUP} to ${admin.username} with admin option`);
  await superuser.query(`create database orders owner ${admin.username}`);
  await superuser.end();

  const owner = await open("orders", admin.username, admin.password);
  for (let table = 1; table <= TABLES; table += 1) {
    await owner.query(`create table orders_${table} (id integer primary key, total numeric not null)`);
  }
  await owner.query(`grant select on all tables in schema public to ${GROUP}`);
  await owner.query(`grant usage on schema public to ${GROUP}`);
  await owner.end();

  const witness = await open("orders", postgres.user, postgres.password);
  const { rows } = await witness.query("select pg_backend_pid() as pid, current_setting('server_version') as version");
  const atStart = Number((await witness.query("select count(*) from pg_roles")).rows[0].count);
  return {
    host,
    port,
    database: "orders",
    admin,
    pid: parentOf(rows[0].pid),
    version: String(rows[0].version).split(" ")[0]!,
    connect: (login = admin) => open("orders", login.username, login.password),
    query: async (sql, values) => (await witness.query(sql, values)).rows,
    async accounts() {
      return Number((await witness.query("select count(*) from pg_roles")).rows[0].count) - atStart;
    },
    async tidy() {
      await witness.query("vacuum pg_authid, pg_auth_members, pg_shdepend, pg_shdescription, pg_class, pg_namespace");
    },
    async stop() {
      await witness.end();
      await postgres.stop();
    },
  };
}
