/** The intent of a lease: what is durable before its target is touched. */
import { randomBytes, randomUUID } from "node:crypto";
import { audit, type Caller, counters, dynamicSecrets, identities, leases } from "@dayfly/store";
import { NameTaken } from "@dayfly/targets";
import type { IssueOptions, Place } from "./api.ts";
import type { Config } from "./configs.ts";
import type { Context } from "./context.ts";
import { RuleBroken } from "./errors.ts";
import { leaseFacts } from "./facts.ts";
import { buildName } from "./names.ts";
import { claimKey, type Once } from "./once.ts";
import type { Wait } from "./readiness.ts";

export { leaseFacts } from "./facts.ts";

/** After the end of the create limit a call of it may still land for this long. */
const LATE_SECONDS = 40;

/** One lease on its way to somebody. */
export interface Issuing {
  context: Context;
  caller: Caller;
  place: Place;
  secret: Awaited<ReturnType<typeof dynamicSecrets.byId>>;
  config: Config;
  ttlSeconds: number;
  options: IssueOptions;
  deadline: AbortSignal;
  /** The request's Idempotency-Key, where it has one. */
  once: Once | undefined;
  /** What is waited for before it is handed out; null for nothing. */
  wait: Wait | null;
}

/** Milliseconds of the create limit that are left; it runs from the request's arrival. */
export function leftOf(context: Context, options: IssueOptions): number {
  return Math.max(1, Math.floor(context.settings.createLimitMs - (performance.now() - options.arrivedAt)));
}

/** T1: nothing → intended. The counter's row is locked last, so that it is locked shortly. */
export async function intend(issuing: Issuing): Promise<leases.Lease> {
  const { context, caller, place, secret, config, ttlSeconds, options } = issuing;
  const answerSeconds = (leftOf(context, options) + (issuing.wait?.extraMs ?? 0)) / 1000;
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
      // Deleting a machine ends its leases: none may slip in behind that.
      if (caller.actor.type === "identity" && caller.actor.id !== null) await identities.hold(tx, caller.actor.id);
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
        replaces: issuing.once?.replaces ?? null,
      });
      if (issuing.once) await claimKey(tx, caller, issuing.once, row, config.address);
      await audit.append(tx, caller, {
        event: "lease.requested",
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
