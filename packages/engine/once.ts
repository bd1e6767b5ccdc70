/**
 * Creating once: what a create does that carries an Idempotency-Key.
 *
 * One key, one live lease. A credential is stored nowhere, so a repeat cannot be given the old answer. What it gets:
 * - while the first create is on its way, the repeat waits for it. If that one's answer is handed over, the repeat is told
 *   so (RepeatConflict) and nothing is made; if nobody took it, or it failed, the repeat makes the lease. One that is still
 *   on its way after half of the repeat's own time is overtaken (its node may be dead): it can never be answered any more.
 * - later, the caller never got the answer: a new lease takes the place of the old one.
 *
 * The key moves to the new lease in that lease's first transaction, from the lease it was read with: the database lets one
 * of any number of repeats through, on whatever node. The old lease ends in the transaction that makes the new one active,
 * and not before: an answered lease never ends for a create that then fails, and once the new one is answered the old
 * one's end is durable.
 */
import { createHash } from "node:crypto";
import {
  audit,
  type Caller,
  idempotencyKeys,
  leases,
  replacements,
  revocations,
  type Single,
  type Tx,
} from "@dayfly/store";
import type { IssueOptions, Place } from "./api.ts";
import type { Context } from "./context.ts";
import { InvalidInputs, RepeatConflict } from "./errors.ts";
import { leaseFacts } from "./facts.ts";

const LOOK_MS = 100;
/** A node knows within this time whether the answer it has just given was taken. */
const HAND_OVER_MS = 500;
/** What the way of a question to the database may take. */
const CLOCK_MS = 1;
const OVERTAKEN =
  "another try of this request, with the same Idempotency-Key, took its place; nothing of this one stays";

/** The key has moved since it was read: to be looked at again. */
export class KeyMoved extends RepeatConflict {}

/** The key of one create, and where it stood when it was read. */
export interface Once extends idempotencyKeys.Digests {
  /** The lease that it named; null when it was free. */
  held: string | null;
  /** Whether that lease is still on its way and is to be overtaken. */
  overtakes: boolean;
  /** The lease that was handed out under it, if any was. */
  replaces: string | null;
}

/** Digests of a key in its caller's hand and of what is asked under it, the order of fields aside. */
export function digestsOf(caller: Caller, key: string, asked: Record<string, unknown>): idempotencyKeys.Digests {
  const { type, id, name } = caller.actor;
  return { digest: digest([type, id ?? name, key]), body: digest(asked) };
}

function digest(value: unknown): Buffer {
  return createHash("sha256").update(JSON.stringify(value, inOrder)).digest();
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** @throws InvalidInputs when the key stands for something else */
export async function lookUp(
  context: Context,
  { digest, body }: idempotencyKeys.Digests,
): Promise<idempotencyKeys.IdempotencyKey | undefined> {
  const found = await idempotencyKeys.find(context.store, digest);
  if (found && !found.body.equals(body)) {
    const message = "was used for another request within the last 24 hours: use a new key for each request";
    throw new InvalidInputs([{ path: ["Idempotency-Key"], message }]);
  }
  return found;
}

/**
 * Where the key of a create stands; undefined when it has none. Waits for a create that is on its way under it.
 * `met`: another create was met on its way, so this one did not come later.
 * @throws InvalidInputs, RepeatConflict
 */
export async function openOnce(
  context: Context,
  caller: Caller,
  place: Place,
  name: string,
  options: IssueOptions,
  met = false,
): Promise<Once | undefined> {
  if (!options.idempotencyKey) return undefined;
  const { ttlSeconds, config, wait, waitSeconds, purpose, ticket, labels, heartbeatSeconds } = options;
  const asked = {
    create: name.toLowerCase(),
    ...place,
    ttlSeconds,
    config,
    wait: wait ?? null,
    waitSeconds: waitSeconds ?? null,
    ...(purpose && { purpose }),
    ...(ticket && { ticket }),
    ...(labels && Object.keys(labels).length > 0 && { labels }),
    ...(heartbeatSeconds && { heartbeatSeconds }),
  };
  const digests = digestsOf(caller, options.idempotencyKey, asked);
  const patience = options.arrivedAt + context.settings.createLimitMs / 2;
  let meets = met;
  let activeSince: number | undefined;
  for (;;) {
    const found = await lookUp(context, digests);
    if (!found) return { ...digests, held: null, overtakes: false, replaces: null };
    const held = await leases.byId(context.store, found.lease_id);
    const now = performance.now();
    if (held?.state === "active") meets ||= await cameBefore(context, options, held);
    if (held?.state === "intended" && now < patience) meets = true;
    else if (held?.state === "active" && meets) {
      activeSince ??= now;
      if (now - activeSince >= HAND_OVER_MS) throw answeredElsewhere(held.id);
    } else {
      const overtakes = held?.state === "intended";
      const handedOut = held && !overtakes && held.reason !== "create-failed";
      return {
        ...digests,
        held: found.lease_id,
        overtakes,
        replaces: handedOut ? held.id : (held?.replaces ?? null),
      };
    }
    await new Promise((settle) => setTimeout(settle, LOOK_MS));
  }
}

/** Whether the request arrived before the lease was active, and so before it was answered. By the database's clock. */
async function cameBefore({ store }: Context, { arrivedAt }: IssueOptions, active: leases.Lease): Promise<boolean> {
  const arrived = await store.single(async (db) => {
    // From before the question: what the answer waits for on its way back is not the request's age.
    const age = performance.now() - arrivedAt;
    return (await leases.clock(db)).getTime() - age - CLOCK_MS;
  });
  return active.updated_at.getTime() >= arrived;
}

/**
 * Runs T1 so that the key names its lease from then on. A free key is named in the one statement of T1 itself.
 * @throws KeyMoved, or KeyTaken of the store
 */
export async function claimKey(
  context: Context,
  caller: Caller,
  once: Once,
  address: string,
  t1: (db: Single) => Promise<leases.Lease | undefined>,
): Promise<leases.Lease | undefined> {
  const { digest, held, overtakes } = once;
  const row =
    held === null
      ? await context.store.single(t1)
      : await context.store.transaction(async (tx) => {
          const intended = await t1(tx);
          if (!intended) return undefined;
          if (!(await idempotencyKeys.passOn(tx, digest, held, intended.id))) throw new KeyMoved(OVERTAKEN);
          if (overtakes) await overtake(tx, caller, held, address);
          return intended;
        });
  // For the next name, should this one be taken.
  if (row) Object.assign(once, { held: row.id, overtakes: false });
  return row;
}

/** In the engine's words, what T1 says of a key that another request took first. */
export function keyMoved(error: unknown): unknown {
  return error instanceof idempotencyKeys.KeyTaken ? new KeyMoved(OVERTAKEN) : error;
}

/** The lease that is still on its way will not be answered: its own T2 finds it moved. Its account is taken back. */
async function overtake(tx: Tx, caller: Caller, held: string, address: string): Promise<void> {
  const reason = "another try of the same request took its place";
  const found = await leases.byId(tx, held);
  const failure = { errorClass: "refused", error: reason, neverLands: false };
  const moved = found && (await revocations.failCreate(tx, held, found.fence_no, failure));
  // It has become active, or failed, since.
  if (!moved) throw new KeyMoved(OVERTAKEN);
  await audit.append(tx, caller, {
    event: "lease.create-failed",
    outcome: "failed",
    ...leaseFacts(moved, address),
    error: reason,
  });
  await revocations.release(tx, [{ id: moved.id, fenceNo: moved.fence_no }]);
}

/** Runs T2 of a lease that takes another's place: that one ends with it, and falls due at once. */
export function inPlace(
  context: Context,
  caller: Caller,
  row: leases.Lease,
  older: string,
  t2: (db: Single) => Promise<leases.Lease | undefined>,
): Promise<leases.Lease | undefined> {
  return context.store.transaction(async (tx) => {
    await replacements.hold(tx, older, row.id);
    const active = await t2(tx);
    const old = active && (await replacements.replace(tx, older, row.id, caller.actor.id ?? caller.actor.name));
    if (old) {
      await audit.append(tx, caller, { event: "lease.revoke-requested", ...leaseFacts(old), reason: "replaced" });
      await revocations.release(tx, [{ id: old.id, fenceNo: old.fence_no }]);
    }
    return active;
  });
}

/** Why T2 found nothing to do, if it was because another try of the same request had overtaken this one. */
export async function whyOvertaken(context: Context, once: Once | undefined, id: string): Promise<Error | undefined> {
  const key = once && (await idempotencyKeys.find(context.store, once.digest).catch(() => undefined));
  return key && key.lease_id !== id ? new RepeatConflict(OVERTAKEN) : undefined;
}

function answeredElsewhere(id: string): RepeatConflict {
  return new RepeatConflict(
    `another try of this request, with the same Idempotency-Key, was answered meanwhile with lease ${id}. If that answer ` +
      "never came, send this again: a new lease then takes its place",
  );
}
