/**
 * A target goes away while leases on it fall due; another one does not.
 *
 * R06, R07, R31. The lag of the other target is compared with its own before the outage, in the same run.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Orders, startOrders } from "../../e2e/testing/orders.ts";
import { type Mode, startProxy, type TcpProxy } from "../proxy/proxy.ts";
import { type Ground, openGround } from "../rig/ground.ts";
import { every } from "../rig/pace.ts";
import { tellReplies } from "../rig/replies.ts";
import { quantile, type Report } from "../rig/report.ts";
import { type Watch, watchRoles } from "../rig/roles.ts";
import { settle, tellRest } from "../rig/settle.ts";
import { scenario } from "./scenario.ts";

const kinds = ["refused", "black-hole", "half-open", "slow"] as const;
type Kind = (typeof kinds)[number];

/** How long each answer is late where a target is slow: a login takes three of them, and 5 s at most. */
const SLOW_MS = 2_000;
const modes: Record<Kind, Mode> = {
  refused: "refuse",
  "black-hole": "black-hole",
  "half-open": "half-open",
  slow: { slow: SLOW_MS },
};

/** The official Node SDK drops a create after this long. */
const CREATE_LIMIT_MS = 10_000;
const WANTED_SECONDS = 15;
const WANTED_RATIO = 1.2;
/** Longer than the longest back-off: whatever happens, it is measured to its end. */
const PATIENCE_SECONDS = 420;
/** A lost create is looked for until nothing of it can land any more. */
const SETTLE_SECONDS = 150;

export const targetDown = scenario({
  name: "target-down",
  does: "one of two targets goes away while leases on it fall due, and comes back",
  flags: {
    minutes: { usual: 1, says: "how long it is away, for each kind" },
    baseline: { usual: 0.5, says: "minutes of the other target's lag before that" },
    leases: { usual: 300, says: "leases that fall due meanwhile" },
    rate: { usual: 5, says: "leases a second on the other target" },
    kind: { usual: "all", says: `one of ${kinds.join(", ")}` },
  },
  async run(asked, report) {
    const wanted = kinds.filter((kind) => asked.kind === "all" || asked.kind === kind);
    if (wanted.length === 0) throw new Error(`--kind: one of ${kinds.join(", ")}`);
    const away = await startOrders();
    const other = await startOrders();
    const proxy = await startProxy(away);
    const ground = await openGround({ away: { orders: away, at: proxy }, other: { orders: other, at: other } });
    try {
      for (const kind of wanted) await oneKind({ kind, asked, report, ground, away, other, proxy });
      tellReplies(report, ground.caller);
      report.keep("node.log", ground.nodes[0]!.output());
    } finally {
      await ground.close();
      await proxy.stop();
      await Promise.all([away.stop(), other.stop()]);
    }
  },
});

interface Run {
  kind: Kind;
  asked: { minutes: number; baseline: number; leases: number; rate: number };
  report: Report;
  ground: Ground;
  away: Orders;
  other: Orders;
  proxy: TcpProxy;
}

async function oneKind(run: Run): Promise<void> {
  const { kind, asked, report, ground, away, other, proxy } = run;
  const awayMs = asked.minutes * 60_000;
  // Creating them takes a while, before the baseline is taken.
  const begins = Date.now() + asked.leases * 60 + 2_000 + asked.baseline * 60_000;
  const due = await makeDue(run, begins, awayMs);
  report.note(`${kind}: ${due.length} leases fall due during the outage; taking the other target's baseline`);

  const watch = watchRoles(other, 10);
  const ends = new Map<string, number>();
  const url = ground.nodes[0]!.url;
  const load = every(1_000 / asked.rate, async () => {
    const { lease } = await ground.caller.create(url, "other", 2 + Math.floor(Math.random() * 4));
    if (lease) ends.set(lease.username, lease.expireAt.getTime());
  });
  const baselineFrom = Date.now() + 1_000;
  await pause(begins - Date.now());

  const taken = proxy.taken();
  const outageFrom = Date.now();
  await proxy.set(modes[kind]);
  const waits: number[] = [];
  const given: string[] = [];
  const late: string[] = [];
  const asking = every(2_000, async () => {
    const reply = await ground.caller.create(url, "away", 60);
    waits.push(reply.ms);
    if (reply.lease) (proxy.mode() === "pass" ? late : given).push(reply.lease.id);
  });
  await pause(awayMs);
  const back = Date.now();
  // Where nobody listens, nobody counts.
  const tried = kind === "refused" ? null : proxy.taken() - taken;
  const doneAsking = asking();
  const left = (await away.roles()).length;
  await proxy.set("pass");
  const last = await lastOf(away, due, back);
  report.note(`${kind}: back; the last of ${left} accounts was gone ${last?.toFixed(1) ?? "never"} s later`);
  await Promise.all([doneAsking, load()]);
  // The last of the other target's leases end.
  await pause(6_000);
  await watch.stop();

  const lags = (from: number, to: number): number[] => lagsOf(watch, ends, from, to);
  const before = lags(baselineFrom, outageFrom);
  const during = lags(outageFrom, back);
  const after = lags(back, Date.now());
  report.tell(`${kind}: accounts there at its return`, left);
  report.tell(`${kind}: connections tried meanwhile`, tried);
  report.check(
    `${kind}: last one gone after its return, s`,
    last,
    `< ${WANTED_SECONDS}`,
    (last ?? 1e9) < WANTED_SECONDS,
  );
  tellLag(report, kind, before, during);
  report.tell(`${kind}: other's lag p99 after its return, ms`, quantile(after, 0.99));
  const longest = Math.max(0, ...waits);
  const limit = `< ${CREATE_LIMIT_MS}`;
  report.check(`${kind}: longest wait of ${waits.length} creates there, ms`, longest, limit, longest < CREATE_LIMIT_MS);
  if (kind !== "slow") report.none(`${kind}: creates that were answered while it was away`, given);
  for (const id of [...given, ...late]) await ground.caller.revoke(url, id);
  tellRest(report, await settle(ground.store, [away, other], SETTLE_SECONDS), SETTLE_SECONDS, `${kind}: `);
}

/** Leases on the target that goes away, each due at some moment of the outage. */
async function makeDue({ ground, asked }: Run, begins: number, awayMs: number): Promise<string[]> {
  const names: string[] = [];
  const url = ground.nodes[0]!.url;
  let left = asked.leases;
  const making = Array.from({ length: 6 }, async () => {
    while (left > 0) {
      left -= 1;
      // Not in the outage's last second: it must be due before the target is back.
      const due = begins + 1_000 + Math.random() * Math.max(0, awayMs - 3_000);
      const { lease, status, error } = await ground.caller.create(url, "away", Math.ceil((due - Date.now()) / 1_000));
      if (!lease) throw new Error(`a lease for the outage could not be made: ${status} ${error}`);
      names.push(lease.username);
    }
  });
  await Promise.all(making);
  if (Date.now() > begins) throw new Error("making the leases took longer than was planned for: give fewer");
  return names;
}

/** Seconds from `since` until the last of these accounts is gone; null when that takes too long. */
async function lastOf(orders: Orders, names: string[], since: number): Promise<number | null> {
  for (;;) {
    const [row] = await orders.query("select count(*)::int as left from pg_roles where rolname = any($1)", [names]);
    const seconds = (Date.now() - since) / 1_000;
    if (row!.left === 0) return seconds;
    if (seconds > PATIENCE_SECONDS) return null;
    await pause(50);
  }
}

/** Due to ended, of what fell due in this time and did so 6 s before its end, by which it is known. */
function lagsOf(watch: Watch, ends: Map<string, number>, from: number, to: number): number[] {
  return [...ends]
    .filter(([, due]) => due >= from && due < to)
    .map(([name, due]) => (watch.lives.get(name)?.ended ?? Date.now()) - due);
}

function tellLag(report: Report, kind: string, before: number[], during: number[]): void {
  const [was, is] = [quantile(before, 0.99), quantile(during, 0.99)];
  report.tell(`${kind}: other's lag p50, p99 before, ms (n=${before.length})`, `${quantile(before, 0.5)}, ${was}`);
  report.tell(`${kind}: other's lag p50, p99 meanwhile, ms (n=${during.length})`, `${quantile(during, 0.5)}, ${is}`);
  const ratio = was === null || is === null ? null : is / was;
  const kept = ratio !== null && ratio < WANTED_RATIO;
  report.check(`${kind}: other's lag p99, meanwhile over before`, ratio, `< ${WANTED_RATIO}`, kept);
}
