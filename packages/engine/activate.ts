/** The end of issuing: active and audited, or taken back. Whatever the caller is told, no account stays without an end. */
import { audit, counters, leases, move, revocations, type Single } from "@dayfly/store";
import { type Issued, NameTaken } from "@dayfly/targets";
import { work } from "./attempt.ts";
import type { Link } from "./connections.ts";
import { NotFound, TargetTimeout } from "./errors.ts";
import { leaseFacts } from "./facts.ts";
import { handingOver } from "./hand-over.ts";
import type { Issuing } from "./intent.ts";
import { inPlace, whyOvertaken } from "./once.ts";
import { classOf, isTimeout, reasonOf } from "./refusals.ts";

/**
 * T2: intended → active.
 * @throws TargetTimeout when it came too late, RepeatConflict when a repeat overtook it; the account is then taken back
 */
export async function activate(
  issuing: Issuing,
  link: Link,
  row: leases.Lease,
  issued: Issued,
  nativeUntil: Date | null,
): Promise<leases.Lease> {
  const { context, caller, secret, config } = issuing;
  const keep = issued.keep
    ? await leases.sealKeep(context.store, { id: row.id, projectId: row.project_id }, issued.keep)
    : null;
  let active: leases.Lease | undefined;
  try {
    const expiresAt = row.expires_at.toISOString();
    const events = [{ event: "lease.issued", ...leaseFacts(row, config.address), expiresAt }];
    const t2 = (db: Single) =>
      move<leases.Lease>(db, leases.activation(db, row.id, row.fence_no, { keep, nativeUntil }), { caller, events });
    active = await activating(issuing, row, t2);
  } catch (error) {
    active = await readBack(issuing, link, row, error);
  }
  if (active) {
    const { graceSeconds } = issuing.handOver ?? { graceSeconds: row.replaces === null ? issuing.ttlSeconds : 0 };
    context.wake(graceSeconds * 1000);
    return active;
  }
  if (await takenAway(issuing, row)) throw new NotFound("dynamic secret", secret.name);
  const late =
    (await whyOvertaken(context, issuing.once, row.id)) ??
    new TargetTimeout(`leasing '${secret.name}' at ${config.address} took too long; the account is being taken back`);
  await giveUp(issuing, row, late);
  throw late;
}

/** Runs T2, together with the end of the lease that this one takes the place of. */
function activating(
  { context, caller, handOver }: Issuing,
  row: leases.Lease,
  t2: (db: Single) => Promise<leases.Lease | undefined>,
): Promise<leases.Lease | undefined> {
  if (handOver) return handingOver(context, caller, row, handOver, t2);
  return row.replaces === null ? context.store.single(t2) : inPlace(context, caller, row, row.replaces, t2);
}

/**
 * Whether the lease was ended while its account was being made, because what it hangs on, or its holder, was deleted. The
 * create has landed, so its end need not wait for that.
 */
async function takenAway({ context }: Issuing, row: leases.Lease): Promise<boolean> {
  const ended = await context.store.transaction((tx) => revocations.landed(tx, row.id));
  if (ended) context.wake(0);
  return ended?.reason === "cascade";
}

/**
 * The commit of T2 failed, or nobody knows. If the row can be read, it tells; if not, the account is ended in the target
 * at once, which needs no database, and the row is ended when the database is back.
 */
async function readBack(
  issuing: Issuing,
  link: Link,
  row: leases.Lease,
  failure: unknown,
): Promise<leases.Lease | undefined> {
  const { context, config } = issuing;
  try {
    const found = await leases.byId(context.store, row.id);
    if (found?.state === "active") return found;
  } catch {
    // Unreadable: told to the caller below.
  }
  context.disown(row.id, "create-failed");
  const undo = async (): Promise<void> => {
    await config.target.fence?.(link.client, config.parsed, { entityId: row.username });
    await config.target.drop(link.client, config.parsed, { entityId: row.username });
  };
  await link.run(undo()).catch((error) => {
    const { name } = issuing.secret;
    context.log.warn(
      { leaseId: row.id, dynamicSecret: name, reason: reasonOf(config.target, error) },
      "an undo failed; the sweeper goes on with it",
    );
  });
  throw failure;
}

/** After T1 and before T2: to revoking, and on at once, whatever the caller is told. */
export async function giveUp(issuing: Issuing, row: leases.Lease, error: unknown): Promise<void> {
  const { context, caller, config } = issuing;
  const taken = error instanceof NameTaken;
  const errorClass = taken ? "refused" : classOf(config.target, error);
  const reason = taken ? "the name was in use" : reasonOf(config.target, error);
  const neverLands = taken || (errorClass === "refused" && !isTimeout(error) && !(error instanceof TargetTimeout));
  const claimed = await context.store
    .transaction(async (tx) => {
      const moved = await revocations.failCreate(tx, row.id, row.fence_no, { errorClass, error: reason, neverLands });
      if (!moved) return undefined;
      const facts = leaseFacts(moved, config.address);
      await audit.append(tx, caller, {
        event: "lease.create-failed",
        outcome: "failed",
        ...facts,
        errorClass,
        error: reason,
      });
      if (!taken) return moved;
      // That account is not ours: the lease ends with the target untouched.
      const proof = { how: "name-taken" as const, at: new Date().toISOString(), node: context.node };
      const gone = await revocations.finish(tx, moved.id, moved.fence_no, { proof, killed: 0, fenced: false });
      if (!gone) return moved;
      await audit.append(tx, caller, { event: "lease.gone", ...facts, reason: "create-failed", proof: proof.how });
      await counters.lower(tx, row);
      return undefined;
    })
    // The row falls due by itself at `answer_by`.
    .catch((lost) => {
      context.log.warn({ leaseId: row.id, err: lost }, "a failed create could not be recorded; its row falls due");
      return undefined;
    });
  if (claimed) context.background(work(context, claimed));
}
