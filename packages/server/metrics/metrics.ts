/**
 * The figures of one node: what happened in this process, and what the whole database says.
 *
 * Owns every name, label and bucket. Labels are words from short lists: a target's type, an operation, a result, a route's
 * pattern. Never an id, a name or an address: what a figure shows, everybody who watches figures may see.
 */
import { type Meter, targets } from "@dayfly/engine";
import type { Store } from "@dayfly/store";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import program from "../package.json" with { type: "json" };
import { addWhole } from "./whole.ts";

/** Under a millisecond to the longest that a request may take. */
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const OPERATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From well under the promised second to a day: a target may be away for long. */
const LAG_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];

/** A request that was answered; null for an address that no route has. */
export interface Answered {
  route: string | null;
  method: string;
  status: number;
  seconds: number;
}

/** What is counted, and how it is read. */
export interface Metrics {
  /** For the engine. */
  meter: Meter;
  answered(request: Answered): void;
  /** How a delivery of an alert went. */
  delivered(result: string): void;
  /** Everything, in Prometheus' text format. */
  page(): Promise<{ type: string; text: string }>;
}

/** Starts counting. `alerting`: whether there is anybody whom alerts are delivered to. */
export function createMetrics(store: Store, { alerting }: { alerting: boolean }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  addWhole(registry, store, { alerting });

  new Gauge({ name: "dayfly_build_info", help: "1, of this version", labelNames: ["version"], registers }).set(
    { version: program.version },
    1,
  );
  const ofOperation = ["type", "operation", "result"] as const;
  const operations = new Counter({
    name: "dayfly_lease_operations_total",
    help: "Things done with leases; of revoke and expire, attempts",
    labelNames: ofOperation,
    registers,
  });
  const durations = new Histogram({
    name: "dayfly_lease_operation_duration_seconds",
    help: "How long they took",
    labelNames: ofOperation,
    buckets: OPERATION_BUCKETS,
    registers,
  });
  const lag = new Histogram({
    name: "dayfly_revocation_lag_seconds",
    help: "From when an account had to go until it was proven gone",
    labelNames: ["type"],
    buckets: LAG_BUCKETS,
    registers,
  });
  const requests = new Histogram({
    name: "dayfly_http_request_duration_seconds",
    help: "From a request's arrival until its answer was out",
    labelNames: ["route", "method", "status"],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const deliveries = new Counter({
    name: "dayfly_alert_deliveries_total",
    help: "Attempts at delivering alerts",
    labelNames: ["result"],
    registers,
  });
  // A series that is there from the start loses no first count to a rate.
  for (const type of Object.keys(targets)) lag.zero({ type });
  if (alerting) for (const result of ["taken", "refused", "unreachable"]) deliveries.inc({ result }, 0);
  new Gauge({
    name: "dayfly_store_connections_busy",
    help: "Connections to the store that are in use",
    registers,
    collect() {
      this.set(store.pool.totalCount - store.pool.idleCount);
    },
  });
  new Gauge({
    name: "dayfly_store_connections_awaited",
    help: "Who waits for a connection to the store",
    registers,
    collect() {
      this.set(store.pool.waitingCount);
    },
  });

  return {
    meter: {
      operation({ type, operation, result, seconds }) {
        operations.inc({ type, operation, result });
        durations.observe({ type, operation, result }, seconds);
      },
      gone({ type, lagSeconds }) {
        lag.observe({ type }, lagSeconds);
      },
    },
    answered({ route, method, status, seconds }) {
      // Where no route is, the method is whatever somebody thought of.
      const of = route === null ? { route: "none", method: "any" } : { route, method };
      requests.observe({ ...of, status }, seconds);
    },
    delivered: (result) => deliveries.inc({ result }),
    page: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}
