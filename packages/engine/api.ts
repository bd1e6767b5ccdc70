/** The engine's face: what the HTTP layer may ask of it. Times are dates, lengths are seconds. */
import type { Caller, LeaseFilter, leaseLists, Store, Tx } from "@dayfly/store";
import type { AnyTarget, Described, ErrorClass } from "@dayfly/targets";
import type {
  DynamicSecretView,
  IssuedLease,
  KeyValue,
  LeaseEnd,
  LeaseHistoryView,
  LeaseView,
  ListedLeaseView,
  Removal,
  RevocationPreview,
} from "./answers.ts";
import type { Log } from "./log.ts";
import type { Preview, TimedStep } from "./trial.ts";

export type * from "./answers.ts";
export type { Log } from "./log.ts";

/** Names a static secret of a project: the environment's slug, a canonical path and a name. */
export interface Spot {
  environment: string;
  path: string;
  key: string;
}

/** Whether somebody may read a static secret. */
export type MayRead = (secret: Spot & { metadata: KeyValue[] }) => boolean;

/** Where a dynamic secret lies: a project, an environment's slug and a canonical folder path. */
export interface Place {
  projectId: string;
  environment: string;
  path: string;
}

/** A length as it was typed, and what it means. */
export interface Ttl {
  text: string;
  seconds: number;
}

/**
 * How much of a configuration's inputs an answer carries: nothing; all but the secret fields; or everything, admin
 * credentials included (the caller has been allowed and it is audited as such).
 */
export type InputsShown = "none" | "plain" | "root";

/** A dynamic secret to be made. */
export interface Draft {
  name: string;
  type: string;
  inputs: Record<string, unknown>;
  defaultTtl: Ttl;
  maxTtl: Ttl | null;
  usernameTemplate?: string | null;
  metadata?: KeyValue[];
}

export interface CreateOptions {
  shown: InputsShown;
  /** Whether a folder that is missing may be made with it; else it must be there. */
  mayMakeFolder: boolean;
  /** Whether the caller may read a static secret that an input refers to; without it, none. */
  mayRead?: MayRead;
}

/** A change of a dynamic secret. What is absent stays; inputs are merged over the stored ones, key by key. */
export interface Change {
  newName?: string;
  inputs?: Record<string, unknown>;
  defaultTtl?: Ttl;
  maxTtl?: Ttl | null;
  usernameTemplate?: string | null;
  metadata?: KeyValue[];
}

export interface Page {
  limit: number;
  after?: string;
}

/** What may be deleted with all that is in it, by its id. */
export type Tree = { project: string } | { environment: string } | { folder: string };

/** What an account is waited for: nothing, its control plane's word, or a login with it. */
export type Readiness = "none" | "api" | "login";

export interface RemoveOptions {
  /** What cannot be ended within moments is left behind, on a list, instead of waited for. */
  isForced: boolean;
  /** Records the order, in the transaction that hides everything; told how many leases it ends. */
  record(tx: Tx, ended: number): Promise<void>;
}
/** The points at which a harness may stop the engine; in production they do nothing. */
export type StepPoint =
  | "t1.before"
  | "t1.committed"
  | "create.sent"
  | "create.done"
  | "ready.done"
  | "t2.committed"
  | "answer.half"
  | "renew.intended"
  | "renew.moved"
  | "renew.committed"
  | "revoke.committed"
  | "revoke.fenced"
  | "revoke.killed"
  | "revoke.stated"
  | "revoke.dropped"
  | "revoke.proved"
  | "gone.committed";

export type StepHook = (point: StepPoint) => void | Promise<void>;

/**
 * How an operation ended: `rejected` by a rule of ours, `refused` or `timeout` by the target; an attempt at ending an account
 * also by the class of what stood in its way, `accepted` by a target that takes its own time, or `waiting` for a create that
 * could still land. `failed` is our own.
 */
export type OperationResult =
  | "ok"
  | "accepted"
  | "waiting"
  | "rejected"
  | "conflict"
  | "timeout"
  | ErrorClass
  | "failed";

/** Told what happened, for figures; see `meter.ts`. */
export interface Meter {
  /** Something was done with a lease; of "revoke" and "expire", one attempt. */
  operation(ended: {
    type: string;
    operation: "issue" | "renew" | "revoke" | "expire";
    result: OperationResult;
    seconds: number;
  }): void;
  /** An account is proven gone, so long after it had to be. */
  gone(ended: { type: string; lagSeconds: number }): void;
}

export interface EngineSettings {
  /** Shortest TTL of a lease, in seconds. */
  minTtl: number;
  /** Live leases, at most: of a dynamic secret, in a project, held by one identity. */
  maxLeases: number;
  maxProjectLeases: number;
  maxIdentityLeases: number;
  /** How long a create may take, from the request's arrival, in milliseconds. */
  createLimitMs: number;
  allowLoopbackTargets: boolean;
  requireTargetTls: boolean;
}

export interface EngineOptions {
  store: Store;
  targets: Record<string, AnyTarget>;
  settings: EngineSettings;
  step?: StepHook;
  /** Without one, nothing is counted. */
  meter?: Meter;
  log: Log;
}

export interface IssueOptions {
  /** Seconds; null for the configured default. */
  ttlSeconds: number | null;
  /** The wire's `config` of a lease. */
  config: Record<string, unknown>;
  /** `performance.now()` when the request arrived; the create limit runs from there. */
  arrivedAt: number;
  /** A repeat under the same key never leaves two live leases. */
  idempotencyKey?: string | null;
  /** Overrides the configuration's readiness. */
  wait?: Readiness | null;
  /** How long at most. */
  waitSeconds?: number | null;
  /** What its holder says of it. */
  purpose?: string | null;
  ticket?: string | null;
  labels?: Record<string, string>;
  /** Seconds from one beat to the next; two missed ones end the lease. */
  heartbeatSeconds?: number | null;
}

export interface RotateOptions {
  /** Seconds; null for the configured default. */
  ttlSeconds: number | null;
  /** For how long the old lease goes on at most, once the new one is handed out. */
  graceSeconds: number;
  arrivedAt: number;
}

/** Every method refuses with the classes of `errors.ts`. */
export interface Engine {
  /** Checks the draft against its type and the target itself, then stores it. */
  create(caller: Caller, place: Place, draft: Draft, options: CreateOptions): Promise<DynamicSecretView>;
  /** Stores a new, immutable version of the configuration; leases keep theirs. */
  update(
    caller: Caller,
    place: Place,
    name: string,
    change: Change,
    shown: InputsShown,
    mayRead?: MayRead,
  ): Promise<DynamicSecretView>;
  /** Hides it at once, frees its name, and makes all its leases due for revocation. */
  remove(caller: Caller, place: Place, name: string, isForced?: boolean): Promise<DynamicSecretView & Removal>;
  /** The same for all that is in a project, an environment or a folder, and for that itself. @throws NotFound */
  removeTree(caller: Caller, what: Tree, options: RemoveOptions): Promise<Removal>;
  get(place: Place, name: string, shown: InputsShown): Promise<DynamicSecretView>;
  list(place: Place): Promise<DynamicSecretView[]>;

  /** Makes one account; `data` is in no other answer, ever. */
  issue(caller: Caller, place: Place, name: string, options: IssueOptions): Promise<IssuedLease>;
  /** New end = old end + TTL, never past creation + max TTL. Under one key it is added once. */
  renew(
    caller: Caller,
    place: Place,
    leaseId: string,
    ttlSeconds: number | null,
    idempotencyKey?: string | null,
  ): Promise<LeaseView>;
  /**
   * @throws RevocationPending unless the account is proven gone, or the target has accepted a deletion of its own time; by
   * force it is then also left behind.
   */
  revoke(caller: Caller, place: Place, leaseId: string, isForced?: boolean): Promise<LeaseEnd>;
  /** A beat of a lease that is held by beats. */
  beat(place: Place, leaseId: string): Promise<LeaseView>;
  /** A new lease beside this one, whose end then comes near; what was said of the old one holds for the new. */
  rotate(caller: Caller, place: Place, leaseId: string, options: RotateOptions): Promise<IssuedLease>;
  /** The answer of `issue` could not be handed over: the lease is revoked. */
  undelivered(caller: Caller, leaseId: string): Promise<void>;
  /**
   * In the caller's transaction, with an audit row each: all leases that an actor holds, in one project or in all, fall
   * due. @returns how many
   */
  endLeasesOf(
    tx: Tx,
    caller: Caller,
    actor: { type: "identity" | "user"; id: string },
    projectId?: string,
  ): Promise<number>;
  /** A live lease and its dynamic secret; an ended one is NotFound. */
  lease(place: Place, leaseId: string): Promise<{ lease: LeaseView; dynamicSecret: DynamicSecretView }>;
  leases(place: Place, name: string): Promise<LeaseView[]>;
  /** Leases of a project, or of all, newest first; also of what has been deleted, and of those that have ended. */
  leasePage(which: leaseLists.Which, page: Page): Promise<ListedLeaseView[]>;
  /** How many there are in all, counted up to `most`. */
  countLeases(which: leaseLists.Which, most: number): Promise<number>;
  /** One lease of a project, also one that has ended. */
  history(projectId: string, leaseId: string): Promise<LeaseHistoryView>;

  /** What an order for these living leases would end now. */
  previewRevocation(projectId: string, filter: LeaseFilter): Promise<RevocationPreview>;
  /**
   * In the caller's transaction: they are revoked, all of them and no other, whatever happens to this node.
   * @throws Moved when they are not those of the digest
   */
  orderRevocation(
    tx: Tx,
    caller: Caller,
    projectId: string,
    filter: LeaseFilter,
    order: { digest: string; reason: string },
  ): Promise<{ id: string; count: number }>;

  /** Proves a draft against its target, step by step; nothing is stored, and nothing lasts there. */
  verify(projectId: string, draft: Draft, mayRead: MayRead): Promise<TimedStep[]>;
  /** A draft's statements for a sample account; no target is asked. */
  preview(projectId: string, draft: Draft, mayRead: MayRead): Promise<Preview>;

  /** The target types, for forms, prompts and docs. */
  describe(): Described[];
  /** Starts the sweeper. */
  start(): void;
  /** Takes up nothing by itself any more; requests are still served. */
  rest(): void;
  /** Rests, lets what runs end, closes connections to targets. */
  stop(): Promise<void>;
}
