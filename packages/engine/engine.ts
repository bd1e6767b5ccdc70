/** Puts the engine together. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { leases } from "@dayfly/store";
import { describe, type Net } from "@dayfly/targets";
import { dial } from "./addresses.ts";
import type { Engine, EngineOptions } from "./api.ts";
import { endLeasesOfActor } from "./cascade.ts";
import * as configure from "./configure.ts";
import { createConnections } from "./connections.ts";
import type { Context } from "./context.ts";
import { NotFound } from "./errors.ts";
import { issue } from "./issue.ts";
import { leaseAt, secretAt } from "./places.ts";
import { renewOnce } from "./renew-once.ts";
import { revoke, undelivered } from "./revoke.ts";
import { createSlots } from "./slots.ts";
import { createSweeper, type Sweeper } from "./sweep.ts";
import { dynamicSecretView, leaseView } from "./views.ts";

/** How long what runs may take to end when the engine stops; requests have been waited for before. */
const STOP_MS = 5_000;

/** Makes the engine of one node. It does nothing by itself until `start`. */
export function createEngine(options: EngineOptions): Engine {
  const { store, targets, settings, log } = options;
  const running = new Set<Promise<unknown>>();
  const netOf = (signal: AbortSignal): Net => ({
    dial: (host, port) => dial(host, port, settings.allowLoopbackTargets, signal),
    signal,
    requireTls: settings.requireTargetTls,
  });
  let sweeper: Sweeper | undefined;
  const context: Context = {
    store,
    targets,
    settings,
    log,
    step: options.step ?? (() => undefined),
    netOf,
    connections: createConnections(netOf),
    slots: createSlots(),
    attempts: new Map(),
    node: `${hostname()}-${randomUUID().slice(0, 8)}`,
    wake: (inMs) => sweeper?.wake(inMs),
    disown: (leaseId, reason) => sweeper?.disown(leaseId, reason),
    background(work) {
      const watched: Promise<unknown> = work
        .catch((error) => log.error({ err: error }, "work in the background failed"))
        .finally(() => running.delete(watched));
      running.add(watched);
    },
  };
  sweeper = createSweeper(context);

  return {
    create: (caller, place, draft, createOptions) => configure.create(context, caller, place, draft, createOptions),
    update: (caller, place, name, change, shown) => configure.update(context, caller, place, name, change, shown),
    remove: (caller, place, name) => configure.remove(context, caller, place, name),
    get: (place, name, shown) => configure.get(context, place, name, shown),
    list: (place) => configure.list(context, place),
    issue: (caller, place, name, issueOptions) => issue(context, caller, place, name, issueOptions),
    renew: (caller, place, leaseId, ttlSeconds, key) => renewOnce(context, caller, place, leaseId, ttlSeconds, key),
    revoke: (caller, place, leaseId) => revoke(context, caller, place, leaseId),
    endLeasesOf: (tx, caller, actor) => endLeasesOfActor(tx, caller, actor),
    undelivered: (caller, leaseId) => undelivered(context, caller, leaseId),
    async lease(place, leaseId) {
      const { lease, secret } = await leaseAt(store, place, leaseId);
      if (lease.state === "gone") throw new NotFound("lease", leaseId);
      return { lease: leaseView(lease), dynamicSecret: dynamicSecretView(secret) };
    },
    async leases(place, name) {
      const secret = await secretAt(store, place, name);
      return (await leases.liveOf(store, secret.id)).map(leaseView);
    },
    describe: () => Object.values(targets).map(describe),
    start: () => sweeper.start(),
    async stop() {
      const late = new Promise((settle) => setTimeout(settle, STOP_MS).unref());
      await Promise.all([sweeper.stop(late), Promise.race([Promise.allSettled(running), late])]);
      await context.connections.close();
    },
  };
}
