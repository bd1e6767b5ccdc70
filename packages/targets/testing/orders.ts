/**
 * A PostgreSQL server with a database `orders`, as an administrator would hand it over: owned by an admin who may make
 * roles and end sessions, but is no superuser.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as tcp } from "node:net";
import pg from "pg";
import { type PostgresServer, postgres18 } from "../../../scripts/servers/postgres.ts";
import type { Issued, Net } from "../index.ts";
import type { Bench } from "./test-target.ts";

/** The statements of the PostgreSQL example that users start from, word for word. */
export const SEED = {
  creationStatement: `
      CREATE ROLE "{{username}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';
      GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{username}}";
      GRANT USAGE ON SCHEMA public TO "{{username}}";
    `,
  revocationStatement: `
      DROP ROLE IF EXISTS "{{username}}";
    `,
};

/** A net that reaches the loopback. */
export function loopback(signal = new AbortController().signal): Net {
  return {
    signal,
    requireTls: false,
    async dial(host, port) {
      const socket = tcp(port, host);
      await once(socket, "connect");
      return socket;
    },
  };
}

/** The server, its logins, and ways to look at it. */
export interface Orders {
  server: PostgresServer;
  superuser: Record<string, unknown>;
  admin: Record<string, unknown>;
  /** Runs SQL as the superuser, or with other connection settings. */
  query(sql: string, as?: pg.ClientConfig): Promise<Record<string, unknown>[]>;
  open(as?: pg.ClientConfig): Promise<pg.Client>;
  /** Roles, memberships, grants, default privileges, owners, settings and comments of the cluster and of `orders`. */
  snapshot(): Promise<string[]>;
  stop(): Promise<void>;
}

const ADMIN = { user: "dayfly_admin", password: "admin-Secret-4711" };

/** Which server to start, and how. */
export interface Start {
  start?: (options?: { settings?: Record<string, string> }) => Promise<PostgresServer & { ca?: string | null }>;
  settings?: Record<string, string>;
}

/** Starts it. A server with TLS brings its authority into the inputs. */
export async function startOrders(
  options: { start?: typeof postgres18; settings?: Record<string, string> } = {},
): Promise<Orders> {
  const { start = postgres18, settings } = options;
  const server: PostgresServer & { ca?: string | null } = await start(settings ? { settings } : {});
  const { host, port, user, password } = server;
  const open = async (as: pg.ClientConfig = {}) => {
    const client = new pg.Client({ host, port, user, password, database: "orders", ...as });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const query = async (sql: string, as: pg.ClientConfig = {}) => {
    const client = await open(as);
    try {
      const results: pg.QueryResult | pg.QueryResult[] = await client.query(sql);
      return [results].flat().at(-1)!.rows;
    } finally {
      await client.end();
    }
  };
  await query(
    `CREATE ROLE ${ADMIN.user} LOGIN CREATEROLE PASSWORD '${ADMIN.password}'; GRANT pg_signal_backend TO ${ADMIN.user}`,
    { database: "postgres" },
  );
  await query(`CREATE DATABASE orders OWNER ${ADMIN.user}`, { database: "postgres" });
  await query(
    `CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bob');
    CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, total int); INSERT INTO orders VALUES (1, 1, 42);`,
    ADMIN,
  );
  const base = { client: "postgres", host, port, database: "orders", ca: server.ca, ...SEED };
  return {
    server,
    superuser: { ...base, username: user, password },
    admin: { ...base, username: ADMIN.user, password: ADMIN.password },
    query,
    open,
    snapshot: async () => (await query(CATALOGUE)).map(({ line }) => String(line)),
    stop: () => server.stop(),
  };
}

/** Grants are spelled out, since the first one turns "none" into the list of what the owner has anyway. */
const acl = (column: string, kind: string, owner: string) =>
  `(SELECT string_agg(x::text, ' ' ORDER BY x::text) FROM aclexplode(COALESCE(${column}, acldefault('${kind}', ${owner}))) AS x)`;

const CATALOGUE = `
  SELECT concat_ws(' ', 'role', rolname, to_jsonb(a) - 'rolname') AS line FROM pg_authid a WHERE rolname !~ '^pg_'
  UNION ALL SELECT concat_ws(' ', 'member', roleid::regrole, member::regrole, grantor::regrole, to_jsonb(m) - 'oid') FROM pg_auth_members m
  UNION ALL SELECT concat_ws(' ', 'setting', setrole::regrole, to_jsonb(s)) FROM pg_db_role_setting s
  UNION ALL SELECT concat_ws(' ', 'database', datname, datdba::regrole, ${acl("datacl", "d", "datdba")}) FROM pg_database
  UNION ALL SELECT concat_ws(' ', 'schema', nspname, nspowner::regrole, ${acl("nspacl", "n", "nspowner")}) FROM pg_namespace WHERE nspname !~ '^pg_'
  UNION ALL SELECT concat_ws(' ', 'table', c.oid::regclass, relkind, relowner::regrole, ${acl("relacl", "r", "relowner")}) FROM pg_class c
    JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^(pg_|information_schema)'
  UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attname, attacl) FROM pg_attribute WHERE attacl IS NOT NULL
  UNION ALL SELECT concat_ws(' ', 'routine', p.oid::regprocedure, proowner::regrole, ${acl("proacl", "f", "proowner")}) FROM pg_proc p
    JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname !~ '^(pg_|information_schema)'
  UNION ALL SELECT concat_ws(' ', 'type', t.oid::regtype, typowner::regrole) FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname !~ '^(pg_|information_schema)'
  UNION ALL SELECT concat_ws(' ', 'default', to_jsonb(d) - 'oid') FROM pg_default_acl d
  UNION ALL SELECT concat_ws(' ', 'comment', classoid::regclass, objoid, description) FROM pg_shdescription
  ORDER BY 1`;

/** A bench on that server, with one of its admins. */
export function ordersBench(orders: Orders, inputs: Record<string, unknown>): Bench {
  const { host, port } = orders.server;
  const as = (data: Issued["data"]) => ({ user: data.DB_USERNAME, password: data.DB_PASSWORD });
  return {
    inputs,
    net: loopback,
    async allowed(data) {
      assert.equal((await orders.query("SELECT * FROM customers", as(data))).length, 2);
    },
    refused: (data) =>
      orders.query("INSERT INTO customers VALUES (3, 'Eve')", as(data)).then(
        () => false,
        (error) => error.code === "42501",
      ),
    async hold(data) {
      const client = await orders.open(as(data));
      let over = false;
      client.on("end", () => (over = true));
      client.query("SELECT pg_sleep(600)").catch(() => {});
      return { over: () => over, close: () => client.end() };
    },
    async own({ DB_USERNAME }) {
      await orders.query(`CREATE SCHEMA "${DB_USERNAME}" AUTHORIZATION "${DB_USERNAME}"; CREATE TABLE "${DB_USERNAME}".mine (id int);
        ALTER TABLE "${DB_USERNAME}".mine OWNER TO "${DB_USERNAME}"; CREATE TYPE mood AS ENUM ('ok'); ALTER TYPE mood OWNER TO "${DB_USERNAME}";`);
    },
    async nativeEnd(entityId) {
      const rows = await orders.query(`SELECT rolvaliduntil AS until FROM pg_roles WHERE rolname = '${entityId}'`);
      return (rows[0]?.until as Date) ?? null;
    },
    async snapshot() {
      // What leases left to the admin is the admin's; it must not pile up between facts.
      await orders.query(`DO $$ DECLARE s text; BEGIN FOR s IN SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname ~ '^Lease-' LOOP
        EXECUTE 'DROP SCHEMA ' || s || ' CASCADE'; END LOOP; DROP TYPE IF EXISTS mood; END $$`);
      return orders.snapshot();
    },
    async stranger(username) {
      await orders.query(`CREATE ROLE "${username}" LOGIN PASSWORD 'stranger' CONNECTION LIMIT 7`);
      return {
        state: async () => JSON.stringify(await orders.query(`SELECT * FROM pg_authid WHERE rolname = '${username}'`)),
        remove: async () => void (await orders.query(`DROP ROLE "${username}"`)),
      };
    },
    async block() {
      const blocker = await orders.open();
      await blocker.query("BEGIN; LOCK TABLE pg_catalog.pg_authid IN EXCLUSIVE MODE");
      return () => blocker.end();
    },
    connectBy: (format, words) => connectBy(format, words, host, port),
    failing: {
      "first statement": { ...inputs, creationStatement: `CREATE ROL "{{username}}" PASSWORD '{{password}}'` },
      "second statement": {
        ...inputs,
        creationStatement: `${SEED.creationStatement}; GRANT SELECT ON no_such TO "{{username}}"`,
      },
      "a value in the server's message": {
        ...inputs,
        creationStatement: `${SEED.creationStatement}; SELECT CAST('{{password}}' AS int)`,
        passwordFormat: "plain",
      },
      "no role made": { ...inputs, creationStatement: `SELECT '{{username}}', '{{password}}'` },
    },
    wrongPassword: { ...inputs, password: "wrong-Password-0815" },
    unreachable: { ...inputs, port: 1 },
    unknownVariable: { ...inputs, creationStatement: `${SEED.creationStatement} -- \n SELECT '{{user}}'` },
    stop: async () => {},
  };
}

/** Reads a format as its program would, and logs in with what it says. */
async function connectBy(format: string, words: string, host: string, port: number): Promise<void> {
  const client = new pg.Client(read(format, words));
  client.on("error", () => {});
  await client.connect();
  assert.equal(client.host, host);
  assert.equal(client.port, port);
  assert.equal((await client.query("SELECT current_database() AS name")).rows[0].name, "orders");
  await client.end();
}

function read(format: string, words: string): pg.ClientConfig | string {
  const unquoted = (word: string) => word.replace(/^(['"])(.*)\1$/, "$2");
  switch (format) {
    case "url":
      return words;
    case "prisma":
      return unquoted(words.slice("DATABASE_URL=".length));
    case "jdbc": {
      const { hostname, port, pathname, searchParams } = new URL(words.slice("jdbc:".length));
      const database = decodeURIComponent(pathname.slice(1));
      const [user, password] = [searchParams.get("user")!, searchParams.get("password")!];
      return { host: hostname, port: Number(port), database, user, password };
    }
    case "libpq": {
      const values = new Map(words.split("\n").map((line) => line.split("=", 2) as [string, string]));
      const value = (key: string) => unquoted(values.get(key)!);
      return {
        host: value("PGHOST"),
        port: Number(value("PGPORT")),
        database: value("PGDATABASE"),
        user: value("PGUSER"),
        password: value("PGPASSWORD"),
      };
    }
    case "pgpass": {
      const [host, port, database, user, password] = words.split(":");
      return { host, port: Number(port), database, user, password };
    }
    case "psql": {
      const found = /^PGPASSWORD=(\S+) psql -h (\S+) -p (\d+) -U (\S+) -d (\S+)$/.exec(words)!.map(unquoted);
      return { password: found[1], host: found[2], port: Number(found[3]), user: found[4], database: found[5] };
    }
    case "dotnet": {
      const values = new Map(words.split(";").map((pair) => pair.split("=", 2) as [string, string]));
      const value = (key: string) => unquoted(values.get(key)!);
      return {
        host: value("Host"),
        port: Number(value("Port")),
        database: value("Database"),
        user: value("Username"),
        password: value("Password"),
      };
    }
    default:
      return assert.fail(`No reader for the format ${format}`);
  }
}
