/**
 * Issuing: intent first, then the account, then the answer.
 *
 * Nothing is touched in a target before the row that will end it is durable, and nothing leaves before its audit row is.
 * Whatever fails after that goes the one way out (`attempt.ts`).
 */
import { randomBytes } from "node:crypto";
import { type Caller, Unavailable } from "@dayfly/store";
import { type Account, type Issued, NameTaken } from "@dayfly/targets";
import { activate, giveUp } from "./activate.ts";
import type { IssuedLease, IssueOptions, Place } from "./api.ts";
import { ask } from "./ask.ts";
import { endpointOf, readyConfig } from "./configs.ts";
import type { Link } from "./connections.ts";
import type { Context } from "./context.ts";
import { RuleBroken } from "./errors.ts";
import type { HandOver } from "./hand-over.ts";
import { type Issuing, intend, leftOf, refuseFrozen } from "./intent.ts";
import { leaseTtl } from "./limits.ts";
import { measured } from "./meter.ts";
import { KeyMoved, openOnce } from "./once.ts";
import { drawPassword } from "./passwords.ts";
import { secretAt } from "./places.ts";
import { type Ready, untilReady, waitOf } from "./readiness.ts";
import { refusal } from "./refusals.ts";
import { dynamicSecretView, leaseView } from "./views.ts";

/**
 * Native expiry comes this much after the lease's end: it is the second fence, not the first. With what the reading of two
 * clocks may be off by, it stays below the five seconds after which no credential works, whoever is down.
 */
export const NATIVE_SLACK_MS = 4_500;
const NAMES_TRIED = 3;

/** Makes one account and hands it out. */
export async function issue(
  context: Context,
  caller: Caller,
  place: Place,
  name: string,
  options: IssueOptions,
  handOver?: HandOver,
): Promise<IssuedLease> {
  const [secret, once] = await Promise.all([
    secretAt(context.store, place, name),
    openOnce(context, caller, place, name, options),
  ]);
  // Before the target is asked; the first transaction decides.
  if (secret.frozen || secret.project_frozen) await refuseFrozen(context, caller, secret);
  const config = await readyConfig(context, secret, secret.config_version);
  if (config.broken) throw config.broken;
  const ttlSeconds = leaseTtl(context.settings, config.target.capabilities(config.parsed), options.ttlSeconds, secret);
  const wait = waitOf(context, config, options, ttlSeconds);
  const deadline = AbortSignal.timeout(leftOf(context, options));
  const issuing: Issuing = {
    ...{ context, caller, place, secret, config, ttlSeconds, options, deadline, once, wait },
    ...(handOver && { handOver }),
  };
  return measured(context.meter, "issue", secret.type, () => underSomeName(issuing));
}

/** A name that is in use is somebody else's: another one is tried. */
async function underSomeName(issuing: Issuing): Promise<IssuedLease> {
  const { context, caller, place, config, secret, options, deadline } = issuing;
  for (let tried = 1; ; tried += 1) {
    try {
      return await onTarget(issuing);
    } catch (error) {
      if (error instanceof KeyMoved && !deadline.aborted) {
        issuing.once = await openOnce(context, caller, place, secret.name, options, true);
        continue;
      }
      if (!(error instanceof NameTaken)) throw error;
      if (tried >= NAMES_TRIED) {
        throw new RuleBroken(
          `${NAMES_TRIED} user names in a row were in use at ${config.address}: give the username template of '${secret.name}' a random part, such as {{random 12}}`,
        );
      }
    }
  }
}

async function onTarget(issuing: Issuing): Promise<IssuedLease> {
  const { context, config, secret, deadline } = issuing;
  const endpoint = endpointOf(config, secret.id, secret.config_version);
  let connected = false;
  try {
    return await ask(context, { config, endpoint, deadline }, (link, giveShareBack) => {
      connected = true;
      return withIntent(issuing, link, giveShareBack);
    });
  } catch (error) {
    // From then on it says itself what went wrong: what our own database refuses is not the target's refusal.
    throw connected || error instanceof Unavailable ? error : refused(issuing, error);
  }
}

function refused({ config, secret }: Issuing, error: unknown): Error {
  return refusal(config.target, config.address, `leasing '${secret.name}'`, error);
}

async function withIntent(issuing: Issuing, link: Link, giveShareBack: () => void): Promise<IssuedLease> {
  const { context, config } = issuing;
  await context.step("t1.before");
  const { row, began } = await intend(issuing);
  await context.step("t1.committed");
  // From the transaction's begin: a wait before it would bring the account's own end forward, one in it put it off.
  const storeNow = row.created_at.getTime() + (performance.now() - began);
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
  let ready: Ready = {};
  try {
    const creating = link.run(config.target.create(link.client, config.parsed, account));
    await context.step("create.sent");
    issued = await creating;
    await context.step("create.done");
    if (issuing.wait) ready = await untilReady(context, config, issuing.wait, issued, giveShareBack);
  } catch (error) {
    await giveUp(issuing, row, error);
    throw error instanceof NameTaken ? error : refused(issuing, error);
  }
  await context.step("ready.done");
  const native = config.target.capabilities(config.parsed).nativeExpiry;
  const active = await activate(issuing, link, row, issued, native ? nativeUntil : null);
  await context.step("t2.committed");
  return { lease: leaseView(active), dynamicSecret: dynamicSecretView(issuing.secret), data: issued.data, ...ready };
}
