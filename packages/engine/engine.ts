/** Puts the engine together. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { bulkRevocations, leaseLists, leases } from "@dayfly/store";
import { describe, type Net } from "@dayfly/targets";
import { dial } from "./addresses.ts";
import type { Engine, EngineOptions } from "./api.ts";
import { beat } from "./beat.ts";
import { createBreaker } from "./breaker.ts";
import { createOrders, previewRevocation } from "./bulk.ts";
import { endLeasesOfActor } from "./cascade.ts";
import * as configure from "./configure.ts";
import { createConnections } from "./connections.ts";
import type { Context } from "./context.ts";
import * as deletions from "./deletions.ts";
import { NotFound } from "./errors.ts";
import { issue } from "./issue.ts";
import { steady } from "./meter.ts";
import { leaseAt, secretAt } from "./places.ts";
import { preview } from "./preview.ts";
import { createPulse } from "./pulse.ts";
import { renewOnce } from "./renew-once.ts";
import { settled } from "./renewal.ts";
import { revoke, undelivered } from "./revoke.ts";
import { rotate } from "./rotate.ts";
import { createSlots } from "./slots.ts";
import { createSweeper, type Sweeper } from "./sweep.ts";
import { keepTidy } from "./tidy.ts";
import { verifySteps } from "./verify.ts";
import { dynamicSecretView, leaseHistoryView, leaseView, listedLeaseView } from "./views.ts";

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
  const wake = (inMs: number) => sweeper?.wake(inMs);
  const context: Context = {
    store,
    targets,
    settings,
    log,
    meter: steady(options.meter, log),
    step: options.step ?? (() => undefined),
    netOf,
    connections: createConnections(netOf),
    slots: createSlots(),
    pulse: createPulse(),
    attempts: new Map(),
    node: `${hostname()}-${randomUUID().slice(0, 8)}`,
    configs: new Map(),
    breaker: createBreaker(store, wake, (fields, message) => log.warn(fields, message)),
    wake,
    disown: (leaseId, reason) => sweeper?.disown(leaseId, reason),
    background(work) {
      const watched: Promise<unknown> = work
        .catch((error) => log.error({ err: error }, "work in the background failed"))
        .finally(() => running.delete(watched));
      running.add(watched);
    },
  };
  sweeper = createSweeper(context);
  const orders = createOrders(context);
  let tidying: ReturnType<typeof keepTidy> | undefined;

  return {
    create: (caller, place, draft, createOptions) => configure.create(context, caller, place, draft, createOptions),
    update: (...given) => configure.update(context, ...given),
    remove: (caller, place, name, isForced = false) => configure.remove(context, caller, place, name, isForced),
    removeTree: (caller, what, removeOptions) => deletions.remove(context, caller, what, removeOptions),
    get: (place, name, shown) => configure.get(context, place, name, shown),
    list: (place) => configure.list(context, place),
    issue: (caller, place, name, issueOptions) => issue(context, caller, place, name, issueOptions),
    renew: (caller, place, leaseId, ttlSeconds, key) => renewOnce(context, caller, place, leaseId, ttlSeconds, key),
    revoke: (caller, place, leaseId, isForced = false) => revoke(context, caller, place, leaseId, isForced),
    async endLeasesOf(tx, caller, actor, projectId) {
      tx.committed.push(() => context.wake(0));
      return endLeasesOfActor(tx, caller, actor, projectId);
    },
    undelivered: (caller, leaseId) => undelivered(context, caller, leaseId),
    async lease(place, leaseId) {
      const { lease: found, secret } = await leaseAt(store, place, leaseId);
      const lease = await settled(context, found);
      if (lease === undefined || lease.state === "gone") throw new NotFound("lease", leaseId);
      return { lease: leaseView(lease), dynamicSecret: dynamicSecretView(secret) };
    },
    async leases(place, name) {
      const secret = await secretAt(store, place, name);
      return (await leases.liveOf(store, secret.id)).map(leaseView);
    },
    countLeases: (which, most) => leaseLists.count(store, which, most),
    async history(projectId, leaseId) {
      const found = await leaseLists.one(store, projectId, leaseId);
      if (!found) throw new NotFound("lease", leaseId);
      return leaseHistoryView(found);
    },
    beat: (place, leaseId) => beat(context, place, leaseId),
    rotate: (caller, place, leaseId, rotateOptions) => rotate(context, caller, place, leaseId, rotateOptions),
    previewRevocation: (projectId, filter) => previewRevocation(context, projectId, filter),
    async orderRevocation(tx, caller, projectId, filter, order) {
      tx.committed.push(() => orders.wake());
      return bulkRevocations.order(tx, caller, projectId, filter, order);
    },
    verify: async (projectId, draft, mayRead) =>
      verifySteps(context, await configure.checked(context, draft, { projectId, mayRead })),
    preview: (projectId, draft, mayRead) => preview(context, draft, { projectId, mayRead }),
    leasePage: async (which, page) => (await leaseLists.page(store, which, page)).map(listedLeaseView),
    describe: () => Object.values(targets).map(describe),
    start() {
      sweeper.start();
      orders.start();
      tidying ??= keepTidy(context);
    },
    rest() {
      sweeper.rest();
      orders.rest();
    },
    async stop() {
      const late = new Promise((settle) => setTimeout(settle, STOP_MS).unref());
      await Promise.all([
        sweeper.stop(late),
        tidying?.stop(),
        orders.stop(),
        Promise.race([Promise.allSettled(running), late]),
      ]);
      await context.connections.close();
      context.pulse.stop();
    },
  };
}
