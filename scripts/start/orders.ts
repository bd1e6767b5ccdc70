/**
 * The demo's target: a second PostgreSQL with the database `orders`, as some application might have it.
 *
 * Owns its folder, its data and its admin. Applications must reach it, so it listens on a loopback port, which it keeps
 * between starts. Its admin owns the database and its tables (else the GRANTs of a lease would fail with 42501), may
 * create roles and end sessions, and is no superuser: who knows a superuser's password can run commands as its owner.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Embedded, startEmbedded } from "@dayfly/store";
import pg from "pg";

/** The database while it runs. */
export interface Orders {
  host: string;
  port: number;
  database: string;
  admin: { username: string; password: string };
  stop(): Promise<void>;
}

const database = "orders";
const admin = "orders_admin";

/** What only we know of it; both passwords are drawn once. */
interface Passwords {
  superuser: string;
  admin: string;
}

/** Starts the demo's database, and makes it first if it is not there, or anew on `reset`. */
export async function startOrders(dataDir: string, { reset }: { reset: boolean }): Promise<Orders> {
  const passwords = keptPasswords(join(dataDir, "demo-target.json"));
  const server = await startEmbedded({
    dataDir: join(dataDir, "demo-target"),
    as: { port: 0, superuserPassword: passwords.superuser, fsync: true },
  });
  try {
    await furnish(server, passwords.admin, reset);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const { port } = server.connection;
  return {
    host: "127.0.0.1",
    port: port!,
    database,
    admin: { username: admin, password: passwords.admin },
    stop: () => server.stop(),
  };
}

function keptPasswords(file: string): Passwords {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const passwords = { superuser: randomBytes(24).toString("base64url"), admin: randomBytes(24).toString("base64url") };
  writeFileSync(`${file}.new`, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  return passwords;
}

/** Each step looks first whether it is done: a start that was killed half-way is finished by the next. */
async function furnish(server: Embedded, password: string, reset: boolean): Promise<void> {
  await as(server.connection, async (superuser) => {
    const has = async (sql: string) => (await superuser.query(sql)).rowCount === 1;
    if (!(await has(`select from pg_roles where rolname = '${admin}'`))) {
      await superuser.query(`create role ${admin} login createrole`);
    }
    await superuser.query(`alter role ${admin} password ${pg.escapeLiteral(password)}`);
    await superuser.query(`grant pg_signal_backend to ${admin}`);
    // The server, its port and its roles stay, so that leases of before can still be taken back.
    if (reset) await superuser.query(`drop database if exists ${database} with (force)`);
    if (!(await has(`select from pg_database where datname = '${database}'`))) {
      await superuser.query(`create database ${database} owner ${admin}`);
    }
  });
  await as({ ...server.connection, database, user: admin, password }, async (owner) => {
    const { rows } = await owner.query("select to_regclass('public.orders') as orders");
    if (rows[0].orders === null) await owner.query(tables);
  });
}

// One query, so one transaction: all of it is there or nothing.
const tables = `
  create table customers (
    id integer primary key generated always as identity,
    name text not null,
    city text not null
  );
  create table orders (
    id integer primary key generated always as identity,
    customer_id integer not null references customers,
    item text not null,
    total numeric(10, 2) not null,
    placed_at timestamptz not null default now()
  );
  insert into customers (name, city) values
    ('Ada', 'London'), ('Grace', 'New York'), ('Edsger', 'Rotterdam'), ('Barbara', 'Boston'), ('Niklaus', 'Winterthur');
  insert into orders (customer_id, item, total, placed_at)
    select 1 + n % 5, (array['paper', 'ink', 'stamps', 'a lamp'])[1 + n % 4], 5 + n * 3.25, now() - n * interval '7 hours'
    from generate_series(0, 39) as n;
`;

async function as(connection: pg.ClientConfig, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(connection);
  client.on("error", () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
