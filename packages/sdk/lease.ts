/** A lease as its holder sees it. Its credentials are easy to use and hard to print by accident. */

/** The wire's lease, without credentials. */
export interface LeaseRecord {
  id: string;
  version: number;
  externalEntityId: string;
  expireAt: string;
  status?: string | null | undefined;
  statusDetails?: string | null | undefined;
  dynamicSecretId: string;
  createdAt: string;
  updatedAt: string;
}

/** What a lease hands over when asked to, for deliberate serialising. */
export interface Credentials {
  leaseId: string;
  username?: string;
  password?: string;
  expiresAt: string;
  data: Record<string, string>;
}

/** What a create answers. */
export interface IssuedAnswer<R extends LeaseRecord = LeaseRecord, D = unknown> {
  lease: R;
  dynamicSecret: D;
  data: Record<string, string>;
}

/**
 * One issued credential. A class, because what is printed or serialised by accident (a logger, `console.log`, `JSON`)
 * must not hold the secret: the values live in a private field and are read through getters.
 */
export class Lease<R extends LeaseRecord = LeaseRecord, D = unknown> {
  readonly leaseId: string;
  readonly expiresAt: Date;
  /** The wire's own objects; neither holds a credential. */
  readonly lease: R;
  readonly dynamicSecret: D;
  readonly #data: Record<string, string>;

  constructor(answer: IssuedAnswer<R, D>) {
    this.leaseId = answer.lease.id;
    this.expiresAt = new Date(answer.lease.expireAt);
    this.lease = answer.lease;
    this.dynamicSecret = answer.dynamicSecret;
    this.#data = answer.data;
  }

  /** The account's name, where this kind of target has one. */
  get username(): string | undefined {
    return this.#data.DB_USERNAME;
  }

  get password(): string | undefined {
    return this.#data.DB_PASSWORD;
  }

  /** The credential as the target names its parts: `DB_USERNAME`, `DB_PASSWORD`. */
  get data(): Record<string, string> {
    return this.#data;
  }

  /** Everything a holder needs, as plain data: the deliberate way to write a lease down. */
  get credentials(): Credentials {
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
