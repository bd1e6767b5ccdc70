/**
 * Renewing: the target first, the row last.
 *
 * The credential never dies before the lease says so. If this node dies in between, the lease keeps its old end and the
 * sweeper ends the credential there; native expiry is only the second fence. A revocation raises the fence number, so a
 * renewal that runs beside it changes no row and is refused. Only one renewal of a lease at a time touches the target:
 * the loser of two could bring the native expiry forward again.
 */
import { randomUUID } from "node:crypto";
import { audit, type Caller, type dynamicSecrets, leases, type Tx, Unavailable, writers } from "@dayfly/store";
import type { LeaseView, Place } from "./api.ts";
import { ask } from "./ask.ts";
import { configOf, type LeaseConfig } from "./configs.ts";
import type { Context } from "./context.ts";
import { InvalidInputs, NotFound, RenewConflict, RuleBroken, TargetTimeout } from "./errors.ts";
import { leaseFacts } from "./facts.ts";
import { NATIVE_SLACK_MS } from "./issue.ts";
import { ceiling, inWords } from "./limits.ts";
import { measured } from "./meter.ts";
import { leaseAt } from "./places.ts";
import { refusal } from "./refusals.ts";
import { leaseView } from "./views.ts";

/** How long moving the native expiry may take. */
const RENEW_MS = 20_000;
/** A turn that nobody gives back ends by itself after this long; no call of it can land later. */
const TURN_SECONDS = 45;

/**
 * New end = old end + `ttlSeconds` (the default TTL when null), never past creation + max TTL. What `alongside` writes stands
 * or falls with it.
 */
export async function renew(
  context: Context,
  caller: Caller,
  place: Place,
  leaseId: string,
  ttlSeconds: number | null,
  alongside: (tx: Tx, renewed: leases.Lease) => Promise<void> = async () => {},
): Promise<LeaseView> {
  const { lease, secret } = await leaseAt(context.store, place, leaseId);
  if (lease.state === "gone") throw new NotFound("lease", leaseId);
  if (lease.state !== "active")
    throw new RuleBroken(`lease ${leaseId} is being revoked and cannot be renewed: ask for a new one`);
  return measured(context.meter, "renew", secret.type, () =>
    renewActive(context, caller, lease, secret, ttlSeconds, alongside),
  );
}

async function renewActive(
  context: Context,
  caller: Caller,
  lease: leases.Lease,
  secret: dynamicSecrets.DynamicSecret,
  ttlSeconds: number | null,
  alongside: (tx: Tx, renewed: leases.Lease) => Promise<void>,
): Promise<LeaseView> {
  const leaseId = lease.id;
  const config = await configOf(context, secret, lease);
  const capabilities = config.own.target.capabilities(config.own.parsed);
  if (!capabilities.renewable)
    throw new RuleBroken(`leases of the type '${secret.type}' cannot be renewed: ask for a new one`);
  const seconds = ttlSeconds ?? secret.default_ttl_seconds;
  if (seconds < 1) throw new InvalidInputs([{ path: ["ttl"], message: "a renewal adds at least 1s" }]);
  const maxSeconds = ceiling(secret.max_ttl_seconds, capabilities);
  const room = await leases.roomLeft(context.store, leaseId, maxSeconds);
  if (seconds > room) throw noRoom(leaseId, seconds, room, maxSeconds);

  const newEnd = new Date(lease.expires_at.getTime() + seconds * 1000);
  const nativeUntil = capabilities.nativeExpiry ? new Date(newEnd.getTime() + NATIVE_SLACK_MS) : null;
  const turn = { name: `renew:${leaseId}`, holder: randomUUID() };
  const giveTurnBack = () => context.store.transaction((tx) => writers.letGo(tx, turn.name, turn.holder));
  if (nativeUntil) {
    if (!(await takeTurn(context, lease, turn))) throw await lost(context, leaseId, seconds, maxSeconds);
    try {
      await moveNativeExpiry(context, config, lease, nativeUntil);
    } catch (error) {
      // What was cut off by its deadline may still land; only then is the turn kept.
      if (!(error instanceof TargetTimeout)) await giveTurnBack().catch(() => undefined);
      throw error;
    }
  }
  await context.step("renew.moved");
  const moving = context.store.transaction(async (tx) => {
    if (nativeUntil) await writers.letGo(tx, turn.name, turn.holder);
    const moved = await leases
      .extension(tx, leaseId, lease.fence_no, { ttlSeconds: seconds, maxSeconds, nativeUntil })
      .executeTakeFirst();
    if (moved) {
      await audit.append(tx, caller, {
        event: "lease.renewed",
        ...leaseFacts(moved, config.own.address),
        expiresAt: moved.expires_at.toISOString(),
      });
      await alongside(tx, moved);
    }
    return moved;
  });
  const renewed = await moving.catch(async (error) => {
    if (nativeUntil) await giveTurnBack().catch(() => undefined);
    throw error;
  });
  if (!renewed) throw await lost(context, leaseId, seconds, maxSeconds);
  await context.step("renew.committed");
  return leaseView(renewed);
}

function noRoom(leaseId: string, seconds: number, room: number, maxSeconds: number): RuleBroken {
  return new RuleBroken(
    `TTL cannot be larger than max TTL: ${inWords(seconds)} more for lease ${leaseId} would pass its ${inWords(maxSeconds)} ceiling; at most ${inWords(room)} can be added`,
  );
}

/** Whether this renewal may touch the target: nobody else renews the lease, and nobody has moved it since it was read. */
function takeTurn(context: Context, lease: leases.Lease, turn: { name: string; holder: string }): Promise<boolean> {
  return context.store.transaction(async (tx) => {
    if (!(await writers.claimWriter(tx, turn.name, turn.holder, TURN_SECONDS))) return false;
    const now = await leases.byId(tx, lease.id);
    if (now?.fence_no === lease.fence_no) return true;
    await writers.letGo(tx, turn.name, turn.holder);
    return false;
  });
}

async function moveNativeExpiry(
  context: Context,
  config: LeaseConfig,
  lease: leases.Lease,
  nativeUntil: Date,
): Promise<void> {
  const { target, parsed, address } = config.own;
  const keep = await leases.openKeep(context.store, lease);
  // From before the question: a slow answer then brings the account's own end forward by its delay, and never puts it off.
  const asked = performance.now();
  const storeNow = (await leases.clock(context.store)).getTime() - asked;
  const deadline = AbortSignal.timeout(RENEW_MS);
  try {
    await ask(context, { config: config.admin, endpoint: config.endpoint, deadline }, async (link) => {
      const ahead = link.clock ? link.clock.target.getTime() - link.clock.at - storeNow : 0;
      const entity = { entityId: lease.username, ...(keep ? { keep } : {}) };
      const until = new Date(nativeUntil.getTime() + ahead);
      await link.run(target.renew?.(link.client, parsed, entity, until) ?? Promise.resolve());
    });
  } catch (error) {
    throw error instanceof Unavailable ? error : refusal(target, address, `renewing lease ${lease.id}`, error);
  }
}

/** The row was moved meanwhile: a revocation beats a renewal, another renewal wins over this one. */
async function lost(context: Context, leaseId: string, seconds: number, maxSeconds: number): Promise<Error> {
  const lease = await leases.byId(context.store, leaseId);
  const expired = lease && lease.expires_at <= (await leases.clock(context.store));
  if (lease?.state === "active" && expired) return new RuleBroken(`lease ${leaseId} has expired; ask for a new one`);
  if (lease?.state !== "active") return new RuleBroken(`lease ${leaseId} was revoked meanwhile; nothing was added`);
  const room = await leases.roomLeft(context.store, leaseId, maxSeconds);
  if (seconds > room) return noRoom(leaseId, seconds, room, maxSeconds);
  return new RenewConflict(
    `another renewal of lease ${leaseId} won; this one added nothing. Read the lease and try again if it is still wanted`,
  );
}
