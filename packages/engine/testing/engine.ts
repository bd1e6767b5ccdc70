/**
 * An engine of a test's own: a store and a target database on one real PostgreSQL, with the admin that people are asked to
 * make: CREATEROLE and pg_signal_backend, owner of the database and its tables, no superuser.
 */
import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import {
  type audit,
  type Caller,
  environments,
  folders,
  identities,
  memberships,
  openStore,
  organizations,
  projects,
  type Store,
} from "@dayfly/store";
import { type AnyTarget, targets } from "@dayfly/targets";
import pg from "pg";
import { postgres18 } from "../../../scripts/servers/postgres.ts";
import type { Draft, Engine, EngineSettings, Place, StepHook, StepPoint } from "../api.ts";
import { createEngine } from "../engine.ts";

/** What people are shown first; it has to work as written. */
export const SEED = {
  creationStatement: `CREATE ROLE "{{username}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{username}}";
GRANT USAGE ON SCHEMA public TO "{{username}}";`,
  revocationStatement: `DROP ROLE IF EXISTS "{{username}}";`,
};

/** How most tests make a dynamic secret. */
export const plainly = { shown: "plain", mayMakeFolder: true } as const;

export interface Rig {
  store: Store;
  place: Place;
  /** The target's superuser, as a witness. */
  witness: pg.Client;
  host: string;
  port: number;
  admin: { user: string; password: string };
  /** A new engine on the same store: another node, or the next start. */
  engine(options?: {
    step?: StepHook;
    settings?: Partial<EngineSettings>;
    targets?: Record<string, AnyTarget>;
  }): Engine;
  /** An engine that waits at `point` until it is let go, and a promise that it got there. */
  stopping(point: StepPoint): { engine: Engine; there: Promise<void>; letGo: () => void };
  draft(change?: Partial<Draft>, inputs?: Record<string, unknown>): Draft;
  caller(): Caller;
  /** A session of a leased account. */
  login(data: Record<string, string>): Promise<pg.Client>;
  /** Names of the roles in the target that are not there from the start. */
  roles(): Promise<string[]>;
  /** Audit events of a lease, oldest first. */
  events(leaseId: string): Promise<string[]>;
  stop(): Promise<void>;
}

const quiet = { info() {}, warn() {}, error() {} };

/** Starts everything one test file needs. */
export async function rig(): Promise<Rig> {
  const server = await postgres18();
  const superuser = { host: server.host, port: server.port, user: server.user, password: server.password };
  const first = new pg.Client({ ...superuser, database: server.database });
  await first.connect();
  const admin = { user: "orders_admin", password: randomBytes(12).toString("hex") };
  await first.query("create database store");
  await first.query(`create role ${admin.user} login createrole password '${admin.password}'`);
  await first.query(`grant pg_signal_backend to ${admin.user}`);
  await first.query(`create database orders owner ${admin.user}`);
  await first.end();
  const owner = new pg.Client({ ...superuser, ...admin, database: "orders" });
  await owner.connect();
  await owner.query("create table orders (id int primary key, item text); insert into orders values (1, 'tea')");
  await owner.end();
  const witness = new pg.Client({ ...superuser, database: "orders" });
  witness.on("error", () => undefined);
  await witness.connect();

  const store = await openStore({
    connection: { ...superuser, database: "store" },
    rootKey: createSecretKey(randomBytes(32)),
    poolSize: 12,
  });
  const place = await testPlace(store);
  const machine = await store.transaction(async (tx) => {
    const made = await identities.create(tx, { name: "ci-runner", orgRole: "no-access" });
    await memberships.create(tx, place.projectId, { type: "identity", id: made.id }, [{ role: "admin" }]);
    return made;
  });
  const engines: Engine[] = [];
  const all: Rig = {
    store,
    place,
    witness,
    host: server.host,
    port: server.port,
    admin,
    engine(options = {}) {
      const settings: EngineSettings = {
        minTtl: 1,
        maxLeases: 100,
        maxProjectLeases: 10_000,
        maxIdentityLeases: 10_000,
        createLimitMs: 8_000,
        allowLoopbackTargets: true,
        requireTargetTls: false,
        ...options.settings,
      };
      const made = createEngine({
        store,
        targets: options.targets ?? targets,
        settings,
        log: quiet,
        ...(options.step ? { step: options.step } : {}),
      });
      // One with a step has been stopped somewhere for ever; waiting for its end would not end.
      if (!options.step) engines.push(made);
      return made;
    },
    stopping(point) {
      let reached = () => {};
      let letGo = () => {};
      const there = new Promise<void>((settle) => (reached = settle));
      const gate = new Promise<void>((settle) => (letGo = settle));
      const step = (at: StepPoint) => {
        if (at !== point) return undefined;
        reached();
        return gate;
      };
      return { engine: all.engine({ step }), there, letGo };
    },
    draft(change = {}, inputs = {}) {
      return {
        name: `secret-${randomUUID().slice(0, 8)}`,
        type: "sql-database",
        defaultTtl: { text: "2h", seconds: 7_200 },
        maxTtl: { text: "4h", seconds: 14_400 },
        inputs: {
          client: "postgres",
          host: server.host,
          port: server.port,
          database: "orders",
          username: admin.user,
          password: admin.password,
          ...SEED,
          ...inputs,
        },
        ...change,
      };
    },
    caller: () => ({
      actor: { type: "identity", id: machine.id, name: machine.name },
      requestId: randomUUID(),
      ip: "127.0.0.1",
      userAgent: "test",
    }),
    async login(data) {
      const client = new pg.Client({
        host: server.host,
        port: server.port,
        database: "orders",
        user: data.DB_USERNAME,
        password: data.DB_PASSWORD,
      });
      client.on("error", () => undefined);
      await client.connect();
      return client;
    },
    async roles() {
      const { rows } = await witness.query<{ rolname: string }>(
        "select rolname from pg_roles where rolname not like 'pg\\_%' and rolname not in ('postgres', $1) order by 1",
        [admin.user],
      );
      return rows.map((row) => row.rolname);
    },
    async events(leaseId) {
      const { rows } = await store.pool.query("select body from audit_events order by txid");
      const all = rows.map((row) => JSON.parse(row.body) as audit.AuditRow);
      return all.filter((row) => row.detail.leaseId === leaseId).map((row) => row.event);
    },
    async stop() {
      await Promise.allSettled(engines.map((made) => made.stop()));
      await store.close();
      await witness.end();
      await server.stop();
    },
  };
  return all;
}

async function testPlace(store: Store): Promise<Place> {
  return store.transaction(async (tx) => {
    const organization = await organizations.create(tx, { name: "Test", slug: "test" });
    const project = await projects.create(tx, {
      organizationId: organization.id,
      name: "Shop",
      slug: "shop",
      description: null,
      hasDeleteProtection: false,
    });
    const environment = await environments.create(tx, project.id, { name: "Production", slug: "prod" });
    await folders.ensure(tx, { projectId: project.id, environmentId: environment.id }, "/database");
    return { projectId: project.id, environment: environment.slug, path: "/database" };
  });
}

/** Asks until `fact` holds, ten seconds at most. */
export async function until(fact: () => Promise<boolean>, what: string): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!(await fact())) {
    if (performance.now() > limit) throw new Error(`not within 10 s: ${what}`);
    await new Promise((settle) => setTimeout(settle, 25));
  }
}
