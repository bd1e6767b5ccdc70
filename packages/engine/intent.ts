/** The intent of a lease: what is durable before its target is touched. */
import { randomBytes, randomUUID } from "node:crypto";
import {
  type audit,
  type Caller,
  type counters,
  type dynamicSecrets,
  freezes,
  leases,
  type Single,
} from "@dayfly/store";
import { NameTaken } from "@dayfly/targets";
import type { IssueOptions, Place } from "./api.ts";
import type { Config } from "./configs.ts";
import type { Context } from "./context.ts";
import { Frozen, NotFound, RuleBroken } from "./errors.ts";
import type { HandOver } from "./hand-over.ts";
import { buildName } from "./names.ts";
import { claimKey, keyMoved, type Once } from "./once.ts";
import type { Wait } from "./readiness.ts";

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
  /** The lease that hands over to this one, and how long it goes on then. */
  handOver?: HandOver;
}

/** Milliseconds of the create limit that are left; it runs from the request's arrival. */
export function leftOf(context: Context, options: IssueOptions): number {
  return Math.max(1, Math.floor(context.settings.createLimitMs - (performance.now() - options.arrivedAt)));
}

/** A durable intent, and `performance.now()` before its `created_at`, a round trip at most. */
export interface Intended {
  row: leases.Lease;
  began: number;
}

/** T1: nothing → intended, audited and counted. @throws NotFound, NameTaken, RuleBroken at a limit, KeyMoved */
export async function intend(issuing: Issuing): Promise<Intended> {
  const { context, caller, place, secret, config, ttlSeconds, options, once } = issuing;
  const { settings, store } = context;
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
  const replaces = issuing.handOver?.from ?? once?.replaces ?? null;
  const intent: leases.Intent = {
    id: randomUUID(),
    projectId: secret.project_id,
    dynamicSecretId: secret.id,
    configVersion: secret.config_version,
    targetKey: config.targetKey,
    username,
    config: options.config,
    ttlSeconds,
    answerSeconds,
    lateSeconds: settings.createLimitMs / 1000 + LATE_SECONDS,
    replaces,
    purpose: options.purpose ?? null,
    ticket: options.ticket ?? null,
    labels: options.labels ?? {},
    beatEvery: options.heartbeatSeconds ?? null,
  };
  const requested: audit.AuditEvent = {
    event: "lease.requested",
    environment: place.environment,
    path: place.path,
    name: secret.name,
    projectId: intent.projectId,
    leaseId: intent.id,
    dynamicSecretId: intent.dynamicSecretId,
    account: username,
    target: config.address,
    ...(replaces === null ? {} : { replaces }),
  };
  const { type, id } = caller.actor;
  const along: leases.Along = {
    limits: {
      ofSecret: settings.maxLeases,
      ofHolder: settings.maxIdentityLeases,
      ofProject: settings.maxProjectLeases,
    },
    // Deleting a machine, or its membership, ends its leases: none may slip in behind that.
    asMember: (type === "identity" || type === "user") && id !== null,
    events: [requested],
    // Else it is passed on from the lease that it names.
    key: once?.held === null ? once : undefined,
  };
  let began = 0;
  const t1 = (db: Single): Promise<leases.Lease | undefined> => {
    began = performance.now();
    return leases.intend(db, caller, intent, along);
  };
  try {
    const row = await (once ? claimKey(context, caller, once, config.address, t1) : store.single(t1));
    if (row) return { row, began };
  } catch (error) {
    if (leases.isNameInUse(error)) throw new NameTaken("a live lease has that name");
    throw error instanceof leases.LimitReached ? noRoom(error.full, secret.name) : keyMoved(error);
  }
  await refuseFrozen(context, caller, secret);
  throw new NotFound("dynamic secret", secret.name);
}

/** @throws Frozen when somebody has stopped new leases of it, or for the caller */
export async function refuseFrozen({ store }: Context, caller: Caller, secret: Issuing["secret"]): Promise<void> {
  const freeze = await freezes.standing(store, secret.project_id, secret.id, caller.actor);
  if (freeze) throw new Frozen(freeze);
}

const scopes: Record<counters.Full["scope"], (name: string) => string> = {
  ofSecret: (name) => `of the dynamic secret '${name}'`,
  ofHolder: () => "held by one identity",
  ofProject: () => "in one project",
};

/** In the wire's words, and which limit it was. */
function noRoom({ scope, limit }: counters.Full, name: string): RuleBroken {
  return new RuleBroken(
    `Max lease limit reached. Limit: ${limit} live leases ${scopes[scope](name)}: revoke what is not needed, or wait until some expire`,
  );
}
