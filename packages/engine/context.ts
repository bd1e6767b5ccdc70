/** What the parts of one engine share. */
import type { LeaseReason, Store } from "@dayfly/store";
import type { AnyTarget, Net } from "@dayfly/targets";
import type { EngineSettings, Log, Meter, StepHook } from "./api.ts";
import type { Breaker } from "./breaker.ts";
import type { Config } from "./configs.ts";
import type { Connections } from "./connections.ts";
import type { Outcome } from "./outcome.ts";
import type { Pulse } from "./pulse.ts";
import type { Slots } from "./slots.ts";

export interface Context {
  store: Store;
  targets: Record<string, AnyTarget>;
  settings: EngineSettings;
  step: StepHook;
  log: Log;
  /** The way out to targets, cut off by the signal. */
  netOf(signal: AbortSignal): Net;
  meter: Meter;
  connections: Connections;
  breaker: Breaker;
  /** Configurations that are ready for use, by dynamic secret and version. */
  configs: Map<string, Config>;
  slots: Slots;
  pulse: Pulse;
  /** Names this process, in claims and proofs. */
  node: string;
  /** Tells the sweeper that something falls due in this many milliseconds. */
  wake(inMs: number): void;
  /** A lease that may be active although nobody has its answer: revoked as soon as the database answers again. */
  disown(leaseId: string, reason: LeaseReason): void;
  /** Attempts that run in this process, by lease: who asks again joins them. */
  attempts: Map<string, Promise<Outcome>>;
  /** Work that goes on after its caller was answered; `stop` waits for it. */
  background(work: Promise<unknown>): void;
}
