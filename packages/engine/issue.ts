/**
 * Issuing: intent first, then the account, then the answer.
 *
 * Nothing is touched in a target before the row that will end it is durable, and nothing leaves before its audit row is.
 * Whatever fails after that goes the one way out (`attempt.ts`).
 */
import { randomBytes, randomUUID } from "node:crypto";
import { audit, type Caller, counters, dynamicSecrets, leases, revocations, Unavailable } from "@dayfly/store";
import { type Account, type Issued, NameTaken } from "@dayfly/targets";
import type { IssuedLease, IssueOptions, Place } from "./api.ts";
import { work } from "./attempt.ts";
import { type Config, endpointOf, loadConfig } from "./configs.ts";
import type { Link } from "./connections.ts";
import type { Context } from "./context.ts";
import { NotFound, RuleBroken, TargetTimeout } from "./errors.ts";
import { leaseTtl } from "./limits.ts";
import { buildName } from "./names.ts";
import { drawPassword } from "./passwords.ts";
import { secretAt } from "./places.ts";
import { classOf, isTimeout, reasonOf, refusal } from "./refusals.ts";
import { dynamicSecretView, leaseView } from "./views.ts";

/** After the end of the create limit a call of it may still land for this long. */
const LATE_SECONDS = 40;
/** Native expiry comes this much after the lease's end: it is the second fence, not the first. */
export const NATIVE_SLACK_MS = 5_000;
const NAMES_TRIED = 3;

type DynamicSecret = Awaited<ReturnType<typeof dynamicSecrets.byId>>;

interface Issuing {
  context: Context;
  caller: Caller;
  place: Place;
  secret: DynamicSecret;
  config: Config;
  ttlSeconds: number;
  options: IssueOptions;
  deadline: AbortSignal;
}

/** Makes one account and hands it out. */
export async function issue(
  context: Context,
  caller: Caller,
  place: Place,
  name: string,
  options: IssueOptions,
): Promise<IssuedLease> {
  const secret = await secretAt(context.store, place, name);
  const config = await loadConfig(context, context.store, secret, secret.config_version);
  const ttlSeconds = leaseTtl(context.settings, config.target.capabilities(config.parsed), options.ttlSeconds, secret);
  const deadline = AbortSignal.timeout(leftOf(context, options));
  const issuing: Issuing = { context, caller, place, secret, config, ttlSeconds, options, deadline };
  for (let tried = 1; ; tried += 1) {
    try {
      return await onTarget(issuing);
    } catch (error) {
      if (!(error instanceof NameTaken)) throw error;
      if (tried === NAMES_TRIED) {
        throw new RuleBroken(
          `${NAMES_TRIED} user names in a row were in use at ${config.address}: give the username template of '${secret.name}' a random part, such as {{random 12}}`,
        );
      }
    }
  }
}

function leftOf(context: Context, options: IssueOptions): number {
  return Math.max(1, Math.floor(context.settings.createLimitMs - (performance.now() - options.arrivedAt)));
}

async function onTarget(issuing: Issuing): Promise<IssuedLease> {
  const { context, config, secret, deadline } = issuing;
  const doing = `leasing '${secret.name}'`;
  let release: () => void;
  try {
    release = await context.slots.take(config.targetKey.toString("hex"), deadline);
  } catch (error) {
    throw refusal(config.target, config.address, doing, error);
  }
  try {
    return await context.connections.use(endpointOf(config, secret.id, secret.config_version), deadline, (link) =>
      withIntent(issuing, link),
    );
  } catch (error) {
    if (isOurs(error)) throw error;
    throw refusal(config.target, config.address, doing, error);
  } finally {
    release();
  }
}

/** Errors that already say what the caller should know. */
function isOurs(error: unknown): boolean {
  return [NameTaken, RuleBroken, TargetTimeout, NotFound, Unavailable].some((known) => error instanceof known);
}

async function withIntent(issuing: Issuing, link: Link): Promise<IssuedLease> {
  const { context, config } = issuing;
  await context.step("t1.before");
  const before = performance.now();
  const row = await intend(issuing);
  await context.step("t1.committed");
  const storeNow = row.created_at.getTime() + (performance.now() - before);
  const targetNow = link.clock ? link.clock.target.getTime() + (performance.now() - link.clock.at) : storeNow;
  const nativeUntil = new Date(row.expires_at.getTime() + NATIVE_SLACK_MS);
  const account: Account = {
    username: row.username,
    password: drawPassword(config.target.passwords(config.parsed), randomBytes),
    expiresAt: new Date(nativeUntil.getTime() + (targetNow - storeNow)),
    deadline: new Date(targetNow + leftOf(context, issuing.options)),
    mark: `dayfly:${context.store.keys.instanceId}:${row.id}`,
  };
  let issued: Issued;
  try {
    const creating = link.run(config.target.create(link.client, config.parsed, account));
    await context.step("create.sent");
    issued = await creating;
    await context.step("create.done");
  } catch (error) {
    await giveUp(issuing, row, error);
    throw error;
  }
  await context.step("ready.done");
  const native = config.target.capabilities(config.parsed).nativeExpiry;
  const active = await activate(issuing, link, row, issued, native ? nativeUntil : null);
  await context.step("t2.committed");
  return { lease: leaseView(active), dynamicSecret: dynamicSecretView(issuing.secret), data: issued.data };
}

/** T1. The counter's row is locked last, so that it is locked shortly. */
async function intend(issuing: Issuing): Promise<leases.Lease> {
  const { context, caller, place, secret, config, ttlSeconds, options } = issuing;
  const answerSeconds = leftOf(context, options) / 1000;
  const username = buildName({
    template: secret.username_template,
    naming: config.target.naming(config.parsed),
    identityName: caller.actor.name,
    dynamicSecretName: secret.name,
    dynamicSecretType: secret.type,
    unixTimestamp: Math.floor(Date.now() / 1000),
    random: randomBytes,
  });
  try {
    return await context.store.transaction(async (tx) => {
      const held = await dynamicSecrets.holdLive(tx, secret.id);
      const row = await leases.intend(tx, caller, {
        id: randomUUID(),
        projectId: secret.project_id,
        dynamicSecretId: secret.id,
        configVersion: secret.config_version,
        targetKey: config.targetKey,
        username,
        config: options.config,
        ttlSeconds,
        answerSeconds,
        lateSeconds: context.settings.createLimitMs / 1000 + LATE_SECONDS,
      });
      await audit.append(tx, caller, {
        event: "lease.requested",
        projectId: place.projectId,
        environment: place.environment,
        path: place.path,
        name: held.name,
        ...leaseFacts(row, config.address),
        expiresAt: row.expires_at.toISOString(),
      });
      if (!(await counters.raise(tx, counters.ofDynamicSecret(secret.id), context.settings.maxLeases))) {
        throw new RuleBroken(`Max lease limit reached. Limit: ${context.settings.maxLeases}`);
      }
      return row;
    });
  } catch (error) {
    if (leases.isNameInUse(error)) throw new NameTaken("a live lease has that name");
    throw error;
  }
}

/** The ids and names by which an audit row speaks of a lease. */
export function leaseFacts(
  row: leases.Lease,
  address: string,
): { leaseId: string; dynamicSecretId: string; account: string; target: string } {
  return { leaseId: row.id, dynamicSecretId: row.dynamic_secret_id, account: row.username, target: address };
}

/** T2. */
async function activate(
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
    active = await context.store.transaction(async (tx) => {
      const moved = await leases.activate(tx, row.id, row.fence_no, { keep, nativeUntil });
      if (moved) {
        await audit.append(tx, caller, {
          event: "lease.issued",
          projectId: row.project_id,
          ...leaseFacts(moved, config.address),
          expiresAt: moved.expires_at.toISOString(),
        });
      }
      return moved;
    });
  } catch (error) {
    active = await readBack(issuing, link, row, error);
  }
  if (active) {
    context.wake(issuing.ttlSeconds * 1000);
    return active;
  }
  const late = new TargetTimeout(
    `leasing '${secret.name}' at ${config.address} took too long; the account is being taken back`,
  );
  await giveUp(issuing, row, late);
  throw late;
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
  context.disown(row.id);
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
async function giveUp(issuing: Issuing, row: leases.Lease, error: unknown): Promise<void> {
  const { context, caller, config } = issuing;
  const taken = error instanceof NameTaken;
  const errorClass = taken ? "refused" : classOf(config.target, error);
  const reason = taken ? "the name was in use" : reasonOf(config.target, error);
  const neverLands = taken || (errorClass === "refused" && !isTimeout(error) && !(error instanceof TargetTimeout));
  const claimed = await context.store
    .transaction(async (tx) => {
      const moved = await revocations.failCreate(tx, row.id, row.fence_no, { errorClass, error: reason, neverLands });
      if (!moved) return undefined;
      const facts = { projectId: row.project_id, ...leaseFacts(moved, config.address) };
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
      await counters.lower(tx, counters.ofDynamicSecret(row.dynamic_secret_id));
      await audit.append(tx, caller, { event: "lease.gone", ...facts, reason: "create-failed", proof: proof.how });
      return undefined;
    })
    // The row falls due by itself at `answer_by`.
    .catch((lost) => {
      context.log.warn(
        { leaseId: row.id, error: String(lost) },
        "a failed create could not be recorded; its row falls due",
      );
      return undefined;
    });
  if (claimed) context.background(work(context, claimed));
}
