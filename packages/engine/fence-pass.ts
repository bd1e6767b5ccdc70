/**
 * The pass that only fences: of a target with more due than its slots can soon end, many accounts at once lose their login
 * and their sessions, and are removed one by one afterwards as ever.
 *
 * It is no attempt and proves nothing: an account that is fenced is no live credential any more, and that is all. It takes
 * one slot of the target, as one call, beside the attempts; nothing waits for it and it keeps nothing from them but the rows
 * of one batch while that is fenced. What it cannot fence is left to the attempts. If its node dies, its rows fall due again,
 * sooner than those of an attempt: an account is fenced twice without harm.
 */
import { audit, dynamicSecrets, fencing, leases } from "@dayfly/store";
import type { Entity } from "@dayfly/targets";
import { ask } from "./ask.ts";
import { TargetDown } from "./breaker.ts";
import { configOf } from "./configs.ts";
import type { Context } from "./context.ts";
import { recordExpiry } from "./expiry.ts";
import { leaseFacts } from "./facts.ts";

const PASS_MS = 10_000;
/** Longer than a pass may take and what it has sent may still run in the target afterwards. */
const CLAIM_SECONDS = 30;
/** A batch stays below what one transaction may lock in a system as it is installed. */
const CROWD: fencing.Crowd = { moreThan: 100, atMost: 250, claimSeconds: CLAIM_SECONDS };
/** After a pass that has left nothing to fence, for what falls due meanwhile. */
const REST_MS = 250;
/** After one that fenced nothing of what it had claimed: that is for the attempts, and their back-off. */
const FRUITLESS_MS = 5_000;

/** The passes of one node. */
export interface FencePasses {
  /** Begins a pass over a target, unless one runs or has just been. @returns milliseconds until it should be tried again */
  begin(targetKey: Buffer): number;
  /** Those that run, with the rows that each has claimed. */
  running: Map<Promise<unknown>, leases.Lease[]>;
}

/** Makes them. */
export function createFencePasses(context: Context): FencePasses {
  const running: FencePasses["running"] = new Map();
  /** When the next pass over a target may begin, by `performance.now()`. */
  const nextAt = new Map<string, number>();

  return {
    running,
    begin(targetKey) {
      const key = targetKey.toString("hex");
      const wait = (nextAt.get(key) ?? 0) - performance.now();
      if (wait > 0) return wait;
      nextAt.set(key, Number.POSITIVE_INFINITY);
      const claimed: leases.Lease[] = [];
      const working: Promise<unknown> = pass(context, targetKey, claimed)
        .catch((error) => {
          context.log.warn({ err: error }, "a pass that only fences was given up; what it had claimed falls due again");
          return FRUITLESS_MS;
        })
        .then((restMs) => {
          running.delete(working);
          nextAt.set(key, performance.now() + restMs);
          context.wake(restMs);
        });
      running.set(working, claimed);
      // Its end wakes the sweeper.
      return Number.POSITIVE_INFINITY;
    },
  };
}

/** One batch; `claimed` is filled with its rows. @returns milliseconds until the next one */
async function pass(context: Context, targetKey: Buffer, claimed: leases.Lease[]): Promise<number> {
  const rows = await context.store.transaction(async (tx) => {
    const found = await fencing.claimCrowd(tx, targetKey, CROWD);
    await recordExpiry(tx, found);
    return found;
  });
  if (rows.length === 0) return REST_MS;
  claimed.push(...rows);
  const deadline = AbortSignal.timeout(PASS_MS);
  const fenced = new Map<string, Fenced>();
  const groups = Map.groupBy(rows, (lease) => `${lease.dynamic_secret_id}:${lease.config_version}`);
  for (const group of groups.values()) {
    for (const [id, how] of await fence(context, group, deadline)) fenced.set(id, how);
  }
  await record(context, rows, fenced);
  if (fenced.size === 0) return FRUITLESS_MS;
  return rows.length < CROWD.atMost ? REST_MS : 0;
}

/** How an account was fenced. */
interface Fenced {
  /** Sessions that were ended. */
  killed: number;
  address: string;
}

/** Leases of one configuration go in one call. @returns those that are fenced, by id */
async function fence(context: Context, group: leases.Lease[], deadline: AbortSignal): Promise<Map<string, Fenced>> {
  const fenced = new Map<string, Fenced>();
  try {
    const secret = await dynamicSecrets.byId(context.store, group[0]!.dynamic_secret_id);
    const { own, admin, endpoint } = await configOf(context, secret, group[0]!);
    const { target } = admin;
    if (!target.fenceAll) return fenced;
    const entities = await Promise.all(group.map((lease) => entityOf(context, lease)));
    const asking = { config: admin, endpoint, deadline, endsAccount: true };
    const killed = await ask(context, asking, (link) =>
      link.run(target.fenceAll!(link.client, admin.parsed, entities)),
    );
    for (const lease of group) {
      const sessions = killed.get(lease.username);
      if (sessions !== undefined) fenced.set(lease.id, { killed: sessions, address: own.address });
    }
  } catch (error) {
    // The attempts meet the same and say it of each lease; that a target is down has been said.
    if (!(error instanceof TargetDown)) {
      context.log.warn({ leases: group.length, err: error }, "many accounts could not be fenced at once");
    }
  }
  return fenced;
}

async function entityOf(context: Context, lease: leases.Lease): Promise<Entity> {
  // What cannot be opened is told by the attempt; the id is enough.
  const keep = await leases.openKeep(context.store, lease).catch(() => undefined);
  return { entityId: lease.username, ...(keep ? { keep } : {}) };
}

/** All rows are due again at once, those that are fenced with an audit row each. */
async function record(context: Context, rows: leases.Lease[], fenced: Map<string, Fenced>): Promise<void> {
  await context.store.transaction(async (tx) => {
    const settled = await fencing.settle(
      tx,
      rows.map(({ id, fence_no }) => ({ id, fenceNo: fence_no, killed: fenced.get(id)?.killed ?? null })),
    );
    const events = settled.map((lease) => {
      const { killed, address } = fenced.get(lease.id)!;
      return { event: "lease.fenced", ...leaseFacts(lease, address), count: killed };
    });
    await audit.appendAll(tx, audit.systemCaller, events);
  });
}
