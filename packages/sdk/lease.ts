/** A lease as its holder sees it. Its credentials are easy to use and hard to print by accident. */
import type { ReplyOf, routes } from "@dayfly/contract";

/** What a create answers. */
export type IssuedAnswer = ReplyOf<typeof routes.createLease>;

/** What a lease hands over when asked to, for deliberate serialising. */
export interface LeaseCredentials {
  leaseId: string;
  username?: string;
  password?: string;
  expiresAt: string;
  data: Record<string, string>;
}

/**
 * One issued credential. A class, because what is printed or serialised by accident (a logger, `console.log`, `JSON`)
 * must not hold the secret: the values live in a private field and are read through getters.
 */
export class Lease {
  readonly leaseId: string;
  readonly expiresAt: Date;
  /** The wire's own objects; neither holds a credential. */
  readonly lease: IssuedAnswer["lease"];
  readonly dynamicSecret: IssuedAnswer["dynamicSecret"];
  /** Whether the account is known to work; undefined where that was not waited for. */
  readonly ready: boolean | undefined;
  /** How long that took, or was waited for in vain. */
  readonly readyAfterMs: number | undefined;
  readonly #data: Record<string, string>;

  constructor(answer: IssuedAnswer) {
    this.leaseId = answer.lease.id;
    this.expiresAt = new Date(answer.lease.expireAt);
    this.lease = answer.lease;
    this.dynamicSecret = answer.dynamicSecret;
    this.ready = answer.ready;
    this.readyAfterMs = answer.readyAfterMs;
    this.#data = answer.data;
  }

  /** The account's name, where this kind of target has one. */
  get username(): string | undefined {
    return this.#data.DB_USERNAME;
  }

  /** The account's password, where this kind of target has one. */
  get password(): string | undefined {
    return this.#data.DB_PASSWORD;
  }

  /** The credential as the target names its parts: `DB_USERNAME`, `DB_PASSWORD`. */
  get data(): Record<string, string> {
    return this.#data;
  }

  /** Everything a holder needs, as plain data: the deliberate way to write a lease down. */
  get credentials(): LeaseCredentials {
    const { username, password } = this;
    return {
      leaseId: this.leaseId,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      expiresAt: this.expiresAt.toISOString(),
      data: { ...this.#data },
    };
  }

  toString(): string {
    return `Lease ${this.leaseId} until ${this.expiresAt.toISOString()} (credentials not shown)`;
  }

  toJSON(): Record<string, unknown> {
    const data = Object.fromEntries(Object.keys(this.#data).map((key) => [key, "[redacted]"]));
    return { leaseId: this.leaseId, expiresAt: this.expiresAt.toISOString(), data };
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
