/**
 * The load: callers that create, renew, revoke and leave leases to expire, all at once, for as long as they are let.
 *
 * Owns what is written into the journal about a request: before it is sent, and as soon as it was answered. An answer of
 * 5xx is none, except the one that promises a revocation.
 */
import { setTimeout as pause } from "node:timers/promises";
import { place, secretName } from "../../e2e/testing/project.ts";
import type { Answer, Json } from "../../e2e/testing/wire.ts";
import { beginRequest, type Request } from "./request.ts";
import type { Rig } from "./rig.ts";

const LONG_SHARE = 0.06;
const LONG = "30m";
const PAUSE_MS = 40;

interface Held {
  id: string;
  end: number;
}

const between = (low: number, high: number): number => low + Math.floor(Math.random() * (high - low + 1));

/** The body of a request for a lease. */
export const leaseBody = (): Json => {
  const ttl = Math.random() < LONG_SHARE ? LONG : `${between(2, 30)}s`;
  return { dynamicSecretName: secretName, ...place, ttl };
};

/** Concurrent callers over one rig. */
export class Load {
  readonly acked = { leased: 0, renewed: 0, revoked: 0, promised: 0 };
  /** Answers that were neither a success nor lost, and lost ones, by what was asked. */
  readonly others = new Map<string, number>();
  readonly #rig: Rig;
  readonly #workers: number;
  #running = false;
  #gate: PromiseWithResolvers<void> = Promise.withResolvers();
  #working: Promise<unknown> = Promise.resolve();
  readonly #requests: Request[] = [];
  /** Leases about which an answer was lost, and the answer to what. */
  #unclear = new Map<string, "renew" | "revoke">();

  constructor(rig: Rig, workers: number) {
    this.#rig = rig;
    this.#workers = workers;
    this.#gate.resolve();
  }

  start(): void {
    this.#running = true;
    this.#working = Promise.all(Array.from({ length: this.#workers }, () => this.#work()));
  }

  /** Resolves when every caller has its last answer. */
  async stop(): Promise<void> {
    this.#running = false;
    this.open();
    await this.#working;
  }

  /** No new requests until `open`. */
  close(): void {
    this.#gate.resolve();
    this.#gate = Promise.withResolvers();
  }

  open(): void {
    this.#gate.resolve();
  }

  /** The requests since the last time. */
  take(): Request[] {
    return this.#requests.splice(0);
  }

  /** Finds out what the server knows of the leases about which an answer was lost. */
  async clearUp(): Promise<void> {
    for (const [id, what] of this.#unclear) {
      if (what === "revoke" && Math.random() < 0.5 && (await this.#revoke(id))) continue;
      const path = `/api/v1/dynamic-secrets/leases/${id}`;
      const answer = await this.#ask("read", () => this.#rig.project.wire.call("GET", path, { query: place }));
      if (answer?.status !== 200 && answer?.status !== 404) continue;
      const lease = answer.status === 200 ? answer.body.lease : null;
      const end = lease && Date.parse(lease.expireAt);
      this.#rig.journal.write({ is: "seen", id, end, ending: lease !== null && lease.status !== null });
      this.#unclear.delete(id);
    }
  }

  /** Ends all of these. @returns how many were answered as gone */
  async revokeAll(ids: string[]): Promise<number> {
    let gone = 0;
    const rest = [...ids];
    const turns = Array.from({ length: this.#workers }, async () => {
      for (let id = rest.pop(); id !== undefined; id = rest.pop()) if (await this.#revoke(id)) gone += 1;
    });
    await Promise.all(turns);
    return gone;
  }

  async #work(): Promise<void> {
    const held: Held[] = [];
    while (this.#running) {
      await this.#gate.promise;
      await this.#act(held);
      await pause(Math.random() * PAUSE_MS);
    }
  }

  async #act(held: Held[]): Promise<void> {
    const live = held.filter(({ end }) => end > Date.now());
    held.splice(0, held.length, ...live);
    const dice = Math.random();
    const index = between(0, held.length - 1);
    const one = held[index];
    if (!one || dice < 0.5) {
      const lease = await this.lease();
      if (lease) held.push(lease);
    } else if (dice < 0.75) {
      if (!(await this.#renew(one))) held.splice(index, 1);
    } else {
      held.splice(index, 1);
      await this.#revoke(one.id);
    }
  }

  /** Asks for a lease, by another way of asking if one is given. */
  async lease(by?: () => Promise<Answer>): Promise<Held | null> {
    const path = "/api/v1/dynamic-secrets/leases";
    const ask = by ?? (() => this.#rig.project.wire.call("POST", path, { body: leaseBody() }));
    const answer = await this.#ask("create", ask);
    if (answer?.status !== 200) return null;
    const { lease, data } = answer.body;
    const held = { id: String(lease.id), end: Date.parse(lease.expireAt) };
    this.#rig.journal.write({ is: "leased", ...held, username: data.DB_USERNAME, password: data.DB_PASSWORD });
    this.acked.leased += 1;
    return held;
  }

  async #renew(held: Held): Promise<boolean> {
    const { id } = held;
    const seconds = between(2, 15);
    this.#rig.journal.write({ is: "renewing", id, by: seconds * 1_000 });
    const answer = await this.#ask("renew", () => this.#rig.project.renew(id, `${seconds}s`));
    if (!answer) {
      this.#unclear.set(id, "renew");
      return false;
    }
    if (answer.status !== 200) {
      this.#rig.journal.write({ is: "denied", id, what: "renew", status: answer.status });
      return true;
    }
    held.end = Date.parse(answer.body.lease.expireAt);
    this.#rig.journal.write({ is: "renewed", id, end: held.end });
    this.acked.renewed += 1;
    return true;
  }

  /** @returns whether it was answered as gone, or promised */
  async #revoke(id: string): Promise<boolean> {
    this.#rig.journal.write({ is: "revoking", id });
    const answer = await this.#ask("revoke", () => this.#rig.project.revoke(id));
    if (!answer) {
      this.#unclear.set(id, "revoke");
      return false;
    }
    this.#unclear.delete(id);
    if (answer.status === 200) {
      this.#rig.journal.write({ is: "revoked", id });
      this.acked.revoked += 1;
    } else if (answer.status === 503) {
      this.#rig.journal.write({ is: "promised", id });
      this.acked.promised += 1;
    } else {
      this.#rig.journal.write({ is: "denied", id, what: "revoke", status: answer.status });
    }
    return answer.status === 200 || answer.status === 503;
  }

  /** @returns null when there was no answer that tells anything */
  async #ask(what: string, send: () => Promise<Answer>): Promise<Answer | null> {
    const request = beginRequest();
    this.#requests.push(request);
    try {
      const answer = await send();
      const error = answer.status === 200 ? null : (answer.body?.error ?? "no JSON");
      request.came = answer.status < 500 || error === "RevocationPending" ? "answered" : "error";
      if (error) this.#note(`${what}: ${answer.status} ${error}`);
      return request.came === "answered" ? answer : null;
    } catch (error) {
      const { code } = ((error as Error).cause ?? error) as { code?: string };
      if (code === "ECONNREFUSED") request.came = "unsent";
      else this.#note(`${what}: no answer`);
      return null;
    } finally {
      request.ended = performance.now();
    }
  }

  #note(what: string): void {
    this.others.set(what, (this.others.get(what) ?? 0) + 1);
  }
}
