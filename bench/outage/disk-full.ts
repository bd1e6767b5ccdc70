/**
 * The disk under the server's own data is full: its embedded PostgreSQL can write no row, or not even its log.
 *
 * R21. `rows`: tables cannot grow. `log`: the write-ahead log cannot either, which ends PostgreSQL. `killed`: everything is
 * killed while the disk is full, and started again once it is not.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Orders, startOrders } from "../../e2e/testing/orders.ts";
import { databaseOf, type Server, startServer } from "../../e2e/testing/server.ts";
import { openStoreOf } from "../../e2e/testing/store.ts";
import type { Caller } from "../rig/caller.ts";
import { env, makeProject, type Query } from "../rig/ground.ts";
import { type Living, live } from "../rig/journal.ts";
import { tellReplies } from "../rig/replies.ts";
import type { Report } from "../rig/report.ts";
import { usableLate, type Watch, watchRoles } from "../rig/roles.ts";
import { settle, tellKept, tellRest } from "../rig/settle.ts";
import { type Disk, mountDisk, within } from "./disk.ts";
import { scenario } from "./scenario.ts";

const kinds = ["rows", "log", "killed"] as const;
type Kind = (typeof kinds)[number];

const READY_SECONDS = 60;
const SETTLE_SECONDS = 150;

interface Ground {
  report: Report;
  orders: Orders;
  disk: Disk;
  server: Server;
  caller: Caller;
  watch: Watch;
}

export const diskFull = scenario({
  name: "disk-full",
  does: "the disk of the server's data fills up, and is cleared",
  flags: {
    seconds: { usual: 20, says: "how long it is full, for each kind" },
    leases: { usual: 20, says: "leases that fall due meanwhile" },
    callers: { usual: 4, says: "concurrent callers" },
    size: { usual: 160, says: "MiB of the disk" },
    kind: { usual: "all", says: `one of ${kinds.join(", ")}` },
  },
  async run(asked, report) {
    const wanted = kinds.filter((kind) => asked.kind === "all" || asked.kind === kind);
    if (wanted.length === 0) throw new Error(`--kind: one of ${kinds.join(", ")}`);
    const orders = await startOrders();
    const disk = mountDisk(asked.size);
    const server = await within(disk.path, () => startServer(env)).catch((error) => {
      disk.remove();
      throw error;
    });
    try {
      const { caller } = await makeProject(server, { orders: { orders, at: orders } });
      const watch = watchRoles(orders, 50);
      const ground = { report, orders, disk, server, caller, watch };
      const held: Living["held"] = [];
      for (const kind of wanted) held.push(...(await oneKind(kind, asked, ground)));
      await watch.stop();
      report.none("credentials usable later than 5 s after their end", usableLate(watch, held));
      await asking(server, (query) => tellKept(report, query, () => orders, held));
      tellReplies(report, caller);
      report.keep("node.log", server.output());
      report.keep("postgres.log", logOf(server));
    } finally {
      disk.clear();
      await server.remove();
      disk.remove();
      await orders.stop();
    }
  },
});

async function oneKind(
  kind: Kind,
  asked: { seconds: number; leases: number; callers: number },
  ground: Ground,
): Promise<Living["held"]> {
  const { report, orders, disk, server, caller, watch } = ground;
  const due = await makeDue(ground, asked);
  const living = live(asked.callers, () => 50 + Math.random() * 100, {
    caller,
    url: () => server.url,
    secrets: ["orders"],
    ttl: () => (Math.random() < 0.1 ? 3_600 : 1 + Math.floor(Math.random() * 5)),
    renew: { share: 0.3, seconds: 2 },
    revoke: { share: 0.4 },
  });
  await pause(2_000);
  const counted = caller.replies.get("create: 503 ServiceUnavailable")?.count ?? 0;
  const [before] = databaseOf(server.dataDir);
  disk.fill();
  const full = Date.now();
  report.note(`${kind}: the disk is full`);
  // Log that was made ready beforehand is used up first.
  if (kind !== "rows") await useUpLog(server, disk);
  await pause(Math.max(0, full + asked.seconds * 1_000 - Date.now()));
  const refused = (caller.replies.get("create: 503 ServiceUnavailable")?.count ?? 0) - counted;
  report.check(`${kind}: creates that were answered 503`, refused, "> 0", refused > 0);
  if (kind === "killed") await server.kill();
  await living.stop();
  const ended = due.filter((name) => watch.lives.get(name)?.ended).length;
  report.tell(`${kind}: due leases ended while it was full, of ${due.length}`, ended);
  if (kind === "killed") {
    const starts = await server.restart().then(
      () => "yes",
      () => "no",
    );
    report.tell(`${kind}: starts while it is full`, starts);
    // Whichever it was, what runs is stopped as hard as before.
    await server.kill().catch(() => {});
  }

  disk.clear();
  const back = performance.now();
  if (kind === "killed") await server.restart();
  const seconds = await readyAfter(caller, server, back);
  const byItself = seconds !== null && seconds < READY_SECONDS;
  const how = kind === "killed" ? "started without repair after, s" : "serves again by itself after, s";
  report.check(`${kind}: ${how}`, seconds, `< ${READY_SECONDS}`, byItself);
  const [after] = databaseOf(server.dataDir);
  // Its own log, on the same disk, could not say.
  report.tell(`${kind}: PostgreSQL had to be started anew`, before === after ? "no" : "yes");
  if (!byItself) {
    await server.kill().catch(() => {});
    await server.restart();
    report.note(`${kind}: the server was started again by hand`);
  }
  tellRest(
    report,
    await asking(server, (query) => settle(query, [orders], SETTLE_SECONDS)),
    SETTLE_SECONDS,
    `${kind}: `,
  );
  return living.held;
}

async function makeDue({ caller, server }: Ground, asked: { seconds: number; leases: number }): Promise<string[]> {
  const names: string[] = [];
  for (let made = 0; made < asked.leases; made += 1) {
    const { lease, status, error } = await caller.create(
      server.url,
      "orders",
      Math.ceil(asked.leases * 0.05 + 4 + Math.random() * (asked.seconds - 4)),
    );
    if (!lease) throw new Error(`a lease could not be made: ${status} ${error}`);
    names.push(lease.username);
  }
  return names;
}

/** Until PostgreSQL cannot go on, or its log has been used up as far as it goes. */
async function useUpLog(server: Server, disk: Disk): Promise<void> {
  await asking(server, async (query) => {
    for (let segment = 0; segment < 64; segment += 1) {
      await query("select pg_switch_wal()");
      await query("select pg_logical_emit_message(true, 'ballast', repeat('x', 1000))");
      disk.fill();
    }
  }).catch(() => {});
}

async function readyAfter(caller: Caller, server: Server, since: number): Promise<number | null> {
  for (;;) {
    const seconds = (performance.now() - since) / 1_000;
    if (await caller.ready(server.url)) return seconds;
    if (seconds > READY_SECONDS) return null;
    await pause(100);
  }
}

/** Asks the embedded database as a witness. */
async function asking<T>(server: Server, work: (query: Query) => Promise<T>): Promise<T> {
  const witness = await openStoreOf(server);
  try {
    return await work(async (sql, values) => (await witness.query(sql, values)).rows);
  } finally {
    await witness.end();
  }
}

function logOf(server: Server): string {
  return readFileSync(join(server.dataDir, "store/server.log"), "utf8");
}
