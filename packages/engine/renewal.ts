/**
 * What a renewal does in a target, by whoever has its turn: the request itself, or the sweeper of any node when the request's
 * node died, or nobody knows what came of it.
 *
 * The row says the new end already. So it goes forward only: the same end is moved again, which changes nothing where it had
 * landed. Only a request that knows that nothing of it landed takes its end back.
 */
import { audit, dynamicSecrets, leases, renewals, Unavailable } from "@dayfly/store";
import { ask } from "./ask.ts";
import { TargetDown } from "./breaker.ts";
import { configOf, type LeaseConfig } from "./configs.ts";
import type { Context } from "./context.ts";
import { leaseFacts } from "./facts.ts";
import { NATIVE_SLACK_MS } from "./issue.ts";
import { classOf, reasonOf } from "./refusals.ts";

/** How long a reader waits for a renewal on its way: a little longer than until somebody else takes it over. */
const READER_MS = 10_000;
const LOOK_MS = 50;

/** A lease with a renewal under way, in its row as the turn began. */
export interface Turn {
  lease: leases.Lease;
  config: LeaseConfig;
  /** The store's clock when `performance.now()` was 0, in milliseconds. */
  storeZero: number;
}

/** The target did not say that it has moved the end; `message` is why, for people. */
export class NotMoved extends Error {
  override name = "NotMoved";
  /** Whether it may have, or still do so. */
  readonly mayLand: boolean;
  constructor(why: string, cause: unknown, mayLand: boolean) {
    super(why, { cause });
    this.mayLand = mayLand;
  }
}

/** The end that the target keeps for a lease with this end. */
export function nativeEnd(lease: leases.Lease): Date {
  return new Date(lease.expires_at.getTime() + NATIVE_SLACK_MS);
}

/** Moves the target's own end to that of the row. @throws NotMoved, Unavailable (nothing was sent) */
export async function moveNativeEnd(context: Context, { lease, config, storeZero }: Turn): Promise<void> {
  const { target, parsed } = config.own;
  const keep = await leases.openKeep(context.store, lease);
  const until = lease.updated_at.getTime() - storeZero + renewals.ACTS_MS;
  const deadline = AbortSignal.timeout(Math.max(0, Math.floor(until - performance.now())));
  let sent = false;
  try {
    await ask(context, { config: config.admin, endpoint: config.endpoint, deadline }, async (link) => {
      const ahead = link.clock ? link.clock.target.getTime() - link.clock.at - storeZero : 0;
      const end = new Date(nativeEnd(lease).getTime() + ahead);
      const entity = { entityId: lease.username, ...(keep ? { keep } : {}) };
      // A node that stood still wakes up here before its timers do.
      if (performance.now() > until) throw new DOMException("the turn is over", "TimeoutError");
      sent = true;
      await link.run(target.renew?.(link.client, parsed, entity, end) ?? Promise.resolve());
    });
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new NotMoved(reasonOf(target, error), error, sent && classOf(target, error) === "unreachable");
  }
}

/** Finishes a renewal that this node has taken over. Never throws: what fails falls due again, until the lease's end. */
export async function finishRenewal(context: Context, lease: leases.Lease): Promise<void> {
  try {
    const secret = await dynamicSecrets.byId(context.store, lease.dynamic_secret_id);
    const config = await configOf(context, secret, lease);
    // From before the question: a slow answer then brings the account's own end forward, and never puts it off.
    const asked = performance.now();
    const storeZero = (await leases.clock(context.store)).getTime() - asked;
    await moveNativeEnd(context, { lease, config, storeZero });
    await context.step("renew.moved");
    const fact = {
      event: "lease.renewed",
      ...leaseFacts(lease, config.own.address),
      expiresAt: lease.expires_at.toISOString(),
      reason: "finished after an interruption",
    };
    const found = { nativeUntil: nativeEnd(lease), handedOn: true };
    const done = await context.store.single((db) =>
      renewals.finish(db, lease, found, { caller: audit.systemCaller, events: [fact] }),
    );
    if (done) await context.step("renew.committed");
  } catch (error) {
    // One line says that a target is down; not one more for each of its leases.
    if (error instanceof NotMoved && error.cause instanceof TargetDown) return;
    const said = error instanceof NotMoved ? { reason: error.message } : { err: error };
    context.log.warn({ leaseId: lease.id, ...said }, "an interrupted renewal could not be finished yet; it goes on");
  }
}

/** The lease once no renewal of it is under way, or as it is after ten seconds; undefined when there is none. */
export async function settled(context: Context, lease: leases.Lease): Promise<leases.Lease | undefined> {
  const until = performance.now() + READER_MS;
  let now: leases.Lease | undefined = lease;
  while (now && now.renew_from !== null && performance.now() < until) {
    await new Promise((settle) => setTimeout(settle, LOOK_MS));
    now = await leases.byId(context.store, lease.id);
  }
  return now;
}
