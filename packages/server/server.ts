/**
 * A running server: database, store, engine and door, started in order and stopped in the opposite one. Owns that order
 * and nothing else; each part decides for itself.
 */
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { createEngine, type Engine, type StepHook, targets } from "@dayfly/engine";
import { auditChain, type Embedded, isFounded, openStore, type Store, startEmbedded } from "@dayfly/store";
import { keepAlerting } from "./alerts.ts";
import { createApp } from "./app.ts";
import { type Bootstrap, bootstrap, keepAddress } from "./bootstrap.ts";
import { keepClock } from "./clock.ts";
import type { Settings } from "./config.ts";
import { drain } from "./drain.ts";
import { createFeed } from "./events/feed.ts";
import { keepHouse } from "./housekeeping.ts";
import { keepLapses } from "./lapses.ts";
import { checkListening, listen } from "./listen.ts";
import { createLog, type ServerLog } from "./log.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { findRootKey } from "./root-key.ts";
import { mounted } from "./routes/index.ts";

/** From the arrival of a lease's request: the target gets this long, the answer is out within 10 s. */
const CREATE_LIMIT_MS = 8_000;

/** A server that answers. */
export interface Running {
  url: string;
  store: Store;
  engine: Engine;
  settings: Settings;
  /** What the first start made; null at every later one. */
  bootstrap: Bootstrap | null;
  /** The root key file, where the key is not from the environment; to be backed up. */
  keyFile: string | null;
  /** The version of the database server, where it is the embedded one. */
  embedded: string | null;
  stop(): Promise<void>;
}

/** What a start may be handed besides its settings. */
export interface StartOptions {
  log?: ServerLog;
  /** Called at each of the engine's steps: a harness stops the world there. */
  step?: StepHook;
}

/**
 * Starts a server.
 * @throws BadSettings, BadRootKey, and what the store says no with; whatever had been started is stopped again
 */
export async function startServer(settings: Settings, options: StartOptions = {}): Promise<Running> {
  checkListening(settings);
  const log = options.log ?? createLog(settings.logLevel);
  const undo: (() => Promise<void>)[] = [];
  const unwind = async () => {
    const failures: unknown[] = [];
    // What cannot be stopped must not keep the rest running.
    for (const stop of undo.splice(0).reverse()) await stop().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    return await build(settings, log, options.step, undo, unwind);
  } catch (error) {
    await unwind().catch((cause) => log.error({ err: cause }, "what had been started could not be stopped"));
    throw error;
  }
}

async function build(
  settings: Settings,
  log: ServerLog,
  step: StepHook | undefined,
  undo: (() => Promise<void>)[],
  unwind: () => Promise<void>,
): Promise<Running> {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  const { connection, embedded } = await findDatabase(settings, log, undo);
  const root = await findRootKey(settings, async () => embedded !== null && !(await isFounded(connection)));

  const store = await openStore({
    connection,
    rootKey: root.key,
    onConnectionError: (error) => log.warn({ err: error }, "a database connection was lost"),
  });
  undo.push(() => store.close());
  const clock = await keepClock(store, log);
  undo.push(async () => clock.stop());
  const tail = await auditChain.verifyAuditTail(store);
  if (!tail.ok) log.error({ firstBreak: tail.firstBreak }, "the audit trail was altered");
  const sealer = auditChain.keepSealing(store, `${hostname()}:${process.pid}`, (error) =>
    log.warn({ err: error }, "audit rows could not be linked yet"),
  );
  undo.push(() => sealer.stop());
  const house = keepHouse(store, settings.leaseHistoryDays, {
    error: (error) => log.warn({ err: error }, "what has ended could not be tidied away yet"),
    undelivered: (count) => {
      if (settings.webhook) log.error({ count }, "alerts were given up: nobody had taken them for a day");
    },
  });
  undo.push(() => house.stop());
  const metrics =
    settings.metricsToken === undefined
      ? undefined
      : createMetrics(store, { alerting: settings.webhook !== undefined });
  if (settings.webhook) {
    const alerting = keepAlerting(store, settings.webhook, log, metrics?.delivered);
    undo.push(() => alerting.stop());
  }

  const engine = createEngine({
    store,
    targets,
    step,
    meter: metrics?.meter,
    log,
    settings: {
      minTtl: settings.minLeaseTtl,
      maxLeases: settings.maxLeases,
      maxProjectLeases: settings.maxProjectLeases,
      maxIdentityLeases: settings.maxIdentityLeases,
      createLimitMs: CREATE_LIMIT_MS,
      allowLoopbackTargets: settings.allowLoopbackTargets,
      requireTargetTls: settings.requireTargetTls,
    },
  });
  undo.push(() => engine.stop());
  const lapses = keepLapses(store, engine, (error) =>
    log.warn({ err: error }, "leases of members whose roles have ended could not be ended yet"),
  );
  undo.push(() => lapses.stop());

  let state: "starting" | "ready" | "draining" = "starting";
  const unready = async () => {
    if (state !== "ready") return state;
    return (await store.pool.query("select 1").catch(() => null)) === null
      ? "the database does not answer"
      : clock.fault();
  };
  const feed = createFeed(store, (error) => log.warn({ err: error }, "events could not be read yet"));
  const app = createApp({ store, engine, feed, settings, unready }, mounted, settings, log, metrics);
  undo.push(async () => {
    state = "draining";
    engine.rest();
    feed.close();
    await drain(app);
  });
  const url = await listen(app, settings);
  const made = await bootstrap(store, settings.dataDir, url);
  if (made === null) await keepAddress(settings.dataDir, url);
  engine.start();
  state = "ready";
  log.info({ url }, "ready");
  let stopping: Promise<void> | undefined;
  return {
    url,
    store,
    engine,
    settings,
    bootstrap: made,
    keyFile: root.file,
    embedded: embedded?.version ?? null,
    stop: () => (stopping ??= unwind()),
  };
}

async function findDatabase(
  settings: Settings,
  log: ServerLog,
  undo: (() => Promise<void>)[],
): Promise<{ connection: Parameters<typeof isFounded>[0]; embedded: Embedded | null }> {
  if (settings.databaseUri !== undefined)
    return { connection: { connectionString: settings.databaseUri }, embedded: null };
  const embedded = await startEmbedded({ dataDir: join(settings.dataDir, "store"), log });
  undo.push(() => embedded.stop());
  return { connection: embedded.connection, embedded };
}
