/**
 * The target: a real PostgreSQL with the database `orders`, and what it says about our accounts.
 *
 * Its admin owns the database and its tables and may create roles, but is no superuser. The witness looks as superuser,
 * beside the server under test.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { postgres18 } from "../../scripts/servers/postgres.ts";
import { until } from "./server.ts";

/** The seed's statements, byte for byte. */
export const seedCreation = `CREATE ROLE "{{username}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{username}}";
GRANT USAGE ON SCHEMA public TO "{{username}}";
`;
export const seedRevocation = `DROP ROLE IF EXISTS "{{username}}";
`;

interface Login {
  username: string;
  password: string;
}

/** The orders database. */
export interface Orders {
  host: string;
  port: number;
  database: string;
  admin: Login;
  /** As superuser, in `orders`. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Every role that was not there at the start. */
  roles(): Promise<string[]>;
  /** Waits until exactly these roles are left. */
  settled(roles: string[], ms?: number): Promise<void>;
  /** When PostgreSQL itself ends the logins of each role that was not there at the start, in milliseconds. */
  ends(): Promise<{ role: string; end: number }[]>;
  /** A session as this account. */
  open(login: Login): Promise<pg.Client>;
  /** @throws when the database could not be asked. */
  login(login: Login): Promise<"accepted" | "refused">;
  stop(): Promise<void>;
}

/** Starts PostgreSQL and fills it. */
export async function startOrders(): Promise<Orders> {
  const postgres = await postgres18();
  const superuser = { username: postgres.user, password: postgres.password };
  const { host, port } = postgres;
  const connect = async (database: string, login: Login): Promise<pg.Client> => {
    const client = new pg.Client({ host, port, database, user: login.username, password: login.password });
    // A session that is cut says so by this event; unheard it would end the process.
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const admin = { username: "orders_admin", password: randomBytes(18).toString("base64url") };

  const maintenance = await connect("postgres", superuser);
  await maintenance.query(`create role ${admin.username} login createrole password '${admin.password}'`);
  await maintenance.query(`grant pg_signal_backend to ${admin.username}`);
  await maintenance.query(`create database orders owner ${admin.username}`);
  await maintenance.end();
  const owner = await connect("orders", admin);
  await owner.query(`
    create table customers (id integer primary key generated always as identity, name text not null);
    create table orders (id integer primary key generated always as identity,
      customer_id integer not null references customers, total numeric not null);
    insert into customers (name) values ('Ada'), ('Grace'), ('Edsger');
    insert into orders (customer_id, total) values (1, 12.5), (2, 30), (3, 7.25), (1, 99)`);
  await owner.end();

  // One session, whose questions wait in turn.
  const witness = new pg.Pool({
    host,
    port,
    database: "orders",
    user: postgres.user,
    password: postgres.password,
    max: 1,
  });
  witness.on("error", () => {});
  const query: Orders["query"] = async (sql, values) => (await witness.query(sql, values)).rows;
  const names = async (): Promise<string[]> =>
    (await query("select rolname from pg_roles order by rolname")).map((row) => String(row.rolname));
  const atStart = new Set(await names());
  const roles = async (): Promise<string[]> => (await names()).filter((name) => !atStart.has(name));
  const open = (login: Login): Promise<pg.Client> => connect("orders", login);
  return {
    host,
    port,
    database: "orders",
    admin,
    query,
    roles,
    open,
    async settled(wanted, ms = 10_000) {
      const sorted = JSON.stringify([...wanted].sort());
      const found = async (): Promise<string> => JSON.stringify((await roles()).sort());
      await until(
        ms,
        async () => (await found()) === sorted,
        async () => `roles ${await found()} instead of ${sorted}`,
      );
    },
    async ends() {
      const rows = await query("select rolname, extract(epoch from rolvaliduntil)::float8 * 1000 as end from pg_roles");
      return rows
        .map((row) => ({ role: String(row.rolname), end: Number(row.end ?? Number.POSITIVE_INFINITY) }))
        .filter(({ role }) => !atStart.has(role));
    },
    async login(login) {
      try {
        await (await open(login)).end();
        return "accepted";
      } catch (error) {
        // 28P01: no such role or password; 28000: may not log in.
        if (["28P01", "28000"].includes((error as { code?: string }).code ?? "")) return "refused";
        throw error;
      }
    },
    async stop() {
      await witness.end();
      await postgres.stop();
    },
  };
}

/** A session with a running query; `cut` resolves with the moment (of `performance.now`) at which the database ended it. */
export async function holdOpen(orders: Orders, login: Login): Promise<{ cut: Promise<number> }> {
  const client = await orders.open(login);
  const cut = new Promise<number>((resolve) => client.once("end", () => resolve(performance.now())));
  client.query("select pg_sleep(600)").catch(() => {});
  return { cut };
}
