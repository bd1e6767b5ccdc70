/**
 * What a target is: a kind of system that can hold an account.
 *
 * Owns the interface between the engine and the systems. A target never sees a lease, a clock, a log or a retry: the
 * engine chooses the name and the password, writes its intent down first, and decides when a verb is called.
 */
import type { Socket } from "node:net";
import type { z } from "zod";

/** Chosen by the engine and durable before `create` runs. `mark` says whose it is; after `deadline` it must not land. */
export interface Account {
  username: string;
  password: string;
  /** When the system should end the account by itself, in the system's own time, slack included. */
  expiresAt: Date;
  /** In the system's own time. */
  deadline: Date;
  mark: string;
}

/** Where the account can be used. Nothing in it is secret. */
export interface Where {
  host: string;
  port: number;
  database?: string;
  tls: boolean;
}

/** `data` is shown to the caller once. `keep` is what ending it will need beyond the id: sealed, in no reply. */
export interface Issued {
  entityId: string;
  data: Record<string, string>;
  keep?: Record<string, string>;
  where?: Where;
  group?: string;
}

/** An account met again later. After a crash there is no `keep`: the id must be enough. */
export interface Entity {
  entityId: string;
  keep?: Record<string, string>;
}

/** What this system can honestly do with this config. Seconds. */
export interface Capabilities {
  /** Its end can be moved. */
  renewable: boolean;
  /** Its end can be brought forward. */
  revocable: boolean;
  /** The system ends it by itself, even while we are down. */
  nativeExpiry: boolean;
  minTtl: number;
  maxTtl: number | null;
  /** Seconds the system itself needs after it has accepted a deletion; 0 for most. */
  revokeTakes: number;
}

/** The form of an account's name on this system. */
export interface Naming {
  /** Always in front, custom templates too; "" for most. */
  prefix: string;
  /** Characters allowed beside the prefix, as the inside of a character class: `A-Za-z0-9_-`. */
  alphabet: string;
  /** In bytes; all allowed characters are ASCII. */
  maxLength: number;
  case: "any" | "lower" | "upper";
}

/** How this system wants passwords: `length` characters drawn from `alphabet`, redrawn until every `required` class is in. */
export interface PasswordRules {
  length: number;
  alphabet: string;
  required: { lowercase: number; uppercase: number; digits: number; symbols: number };
}

/** The only way out: every connection of a target goes through it. */
export interface Net {
  /**
   * A TCP connection to a checked address of `host`.
   * @throws AddressRefused (defined by the engine) or the socket's own error.
   */
  dial(host: string, port: number): Promise<Socket>;
  /** Aborted when the engine's deadline for the running call has passed. */
  signal: AbortSignal;
  /** Refuse every connection that is not TLS (`REQUIRE_TARGET_TLS`). */
  requireTls: boolean;
}

export type StepName =
  | "reach"
  | "tls"
  | "authenticate"
  | "server"
  | "statements"
  | "may-create"
  | "may-grant"
  | "may-end-sessions"
  | "may-drop"
  | "may-list"
  | "not-too-much"
  | "clock";

/** One line of a verification. `fix` is the exact SQL or policy to paste. */
export interface Step {
  step: StepName;
  outcome: "passed" | "failed" | "warned" | "unknown";
  message: string;
  fix?: string;
}

export type ErrorClass = "unreachable" | "auth" | "busy" | "refused";

/** The account's name is in use on the target by somebody else: that account is not ours and stays untouched. */
export class NameTaken extends Error {
  override name = "NameTaken";
}

/** A target's own refusal, worded for people; it holds no secret and no rendered statement. */
export class TargetError extends Error {
  override name = "TargetError";
  readonly errorClass: ErrorClass;
  /** The exact SQL or policy that mends it. */
  readonly fix?: string;
  /** The step of a verification that this error would fail: `connect` says whether it got no answer, no TLS or no login. */
  readonly step?: StepName;
  constructor(
    errorClass: ErrorClass,
    message: string,
    options: { cause?: unknown; fix?: string; step?: StepName } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.errorClass = errorClass;
    if (options.fix !== undefined) this.fix = options.fix;
    if (options.step !== undefined) this.step = options.step;
  }
}

/** What a fence met. */
export interface Fenced {
  /** Whether the system has an account of that name. No proof: `exists` has the word. */
  there: boolean;
  /** How many sessions were open once the fence held; left out where only `killSessions` can tell. */
  sessions?: number;
}

/**
 * What is left of an account when a removal is over. A system that says so in the same answer saves a call: `absent` and
 * `there` are what `exists` would have said then; after `unknown`, `exists` is asked.
 */
export type Left = "absent" | "there" | "unknown";

/** Every verb may be called again after a crash; each is content with "already done". */
export interface Target<S extends z.ZodType = z.ZodType, Client = unknown, C = z.output<S>> {
  /** Wire name, and folder name. */
  type: string;
  title: string;
  /** `.meta()` of each field holds title, description, order and, for secrets, `secret: true`. */
  config: S;
  /** What it can do at best, for the catalogue; what it can with one config is `capabilities`. */
  can: Pick<Capabilities, "renewable" | "revocable" | "nativeExpiry">;
  /** For people and for telling targets apart: `db.example:5432`. Never secret. */
  address(config: C): string;
  /** As whom it is worked on there: the admin's name. Never secret. */
  account(config: C): string;
  naming(config: C): Naming;
  passwords(config: C): PasswordRules;
  capabilities(config: C): Capabilities;

  connect(config: C, net: Net): Promise<Client>;
  close(client: Client): Promise<void>;
  /** Proves the config and changes nothing that lasts. Yields steps; does not throw for a failed one. */
  verify(client: Client, config: C): AsyncIterable<Step>;
  /** The system's own time, where it tells. */
  clock?(client: Client): Promise<Date>;
  classify(error: unknown): ErrorClass;
  /** One sentence for an error of this system, by its code: no value, no statement, no driver text. */
  explain(error: unknown): string;

  /** Makes one account, all or nothing where the system allows. @throws NameTaken when the name is in use. */
  create(client: Client, config: C, account: Account): Promise<Issued>;
  /** Asks whether the account works by now; where it takes effect later. */
  ready?(client: Client, config: C, entity: Entity): Promise<boolean>;
  /** Moves the native expiry; only where `renewable` and `nativeExpiry`. */
  renew?(client: Client, config: C, entity: Entity, expiresAt: Date): Promise<void>;
  /** No new login, at once, and in force when this returns. Never creates. */
  fence?(client: Client, config: C, entity: Entity): Promise<Fenced>;
  /** Ends open sessions; says how many it ended. Called again until it says 0. */
  killSessions?(client: Client, config: C, entity: Entity): Promise<number>;
  /**
   * `fence` and `killSessions` for many at once, in a few messages however many they are. Gives, by entity id, how many
   * sessions it ended of each account that has no login and no session now, absent ones among them; one that it could not
   * bring there is missing, and keeps no other from it.
   */
  fenceAll?(client: Client, config: C, entities: Entity[]): Promise<Map<string, number>>;
  /** Runs the operator's own statement; its failure is advice, not the end. */
  revoke?(client: Client, config: C, entity: Entity): Promise<Left>;
  /** Built-in removal of whatever half exists; `accepted` when the system finishes in its own time. */
  drop(client: Client, config: C, entity: Entity): Promise<Left | "accepted">;
  /** Looks for the exact name, and for sessions that outlived it; false only if the system said so. @throws when it cannot tell. */
  exists(client: Client, config: C, entity: Entity): Promise<boolean>;

  /** Logs in as the account. @throws when it cannot tell: a time-out is neither answer. */
  login(config: C, data: Issued["data"], net: Net): Promise<"accepted" | "refused">;
  /** Ready-made connection texts; each one must log in. */
  formats?: Record<string, (config: C, data: Issued["data"]) => string>;
}

// A registry holds targets of different clients and configs, so it forgets both; `defineTarget` has checked them.
// biome-ignore lint/suspicious/noExplicitAny: the one place where the types of a target are forgotten
export type AnyTarget = Target<any, any, any>;

/** Checks a target's types and gives it back. */
export function defineTarget<S extends z.ZodType, Client>(target: Target<S, Client>): Target<S, Client> {
  return target;
}
