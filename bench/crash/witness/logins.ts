/** Logins at the target with what leases handed out, and what each outcome proves. */
import pg from "pg";
import type { Promised } from "./ledger.ts";

/** Past its end a lease may be usable for this long. */
export const SLACK_MS = 5_000;

/** unasked: the target could not say. */
export type Outcome = "accepted" | "refused" | "unasked";

/** Tries a credential of a lease. */
export async function login(lease: Promised): Promise<Outcome> {
  const { username: user, password } = lease;
  const client = new pg.Client({ user, password, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return "accepted";
  } catch (error) {
    // 28P01: no such role or password; 28000: may not log in.
    return ["28P01", "28000"].includes((error as { code?: string }).code ?? "") ? "refused" : "unasked";
  } finally {
    await client.end().catch(() => {});
  }
}

/** What was seen of all leases, each counted once a kind, by its id. */
export class Findings {
  /** Acknowledged, neither revoked nor expired, and yet refused, absent, or unknown to the server. */
  readonly lost = new Map<string, string>();
  /** Accepted more than the slack after their end. */
  readonly late = new Map<string, string>();
  /** Accepted after the server had answered that they are gone. */
  readonly revived = new Map<string, string>();
  /** Accepted past their acknowledged end while the answer to a renewal of theirs was lost. */
  readonly unsure = new Set<string>();
  /** Milliseconds past its end at which a lease was accepted last. */
  readonly past = new Map<string, number>();
  logins = 0;
  /** Of these, with an ended lease while the server was down. */
  whileDown = 0;
  unasked = 0;
  readonly #ownEnd: (username: string) => Promise<number | null>;

  /** `ownEnd` tells when the target itself ends the logins of a role; it only explains, and decides nothing. */
  constructor(ownEnd: (username: string) => Promise<number | null>) {
    this.#ownEnd = ownEnd;
  }

  /** Judges a login that began at `began`, by what the journal says now. */
  judge(lease: Promised, outcome: Outcome, began: number, down: boolean): void {
    this.logins += 1;
    if (down && began > lease.end) this.whileDown += 1;
    if (outcome === "unasked") this.unasked += 1;
    if (outcome === "refused") this.#judgeRefused(lease);
    if (outcome === "accepted") this.#judgeAccepted(lease, began);
  }

  #judgeRefused(lease: Promised): void {
    const left = lease.end - Date.now();
    if (lease.revoked === "no" && left > 0) this.lost.set(lease.id, `refused ${left} ms before its end`);
  }

  #judgeAccepted(lease: Promised, began: number): void {
    if (lease.revoked === "proven" && began > lease.provenAt) {
      this.revived.set(lease.id, `accepted ${began - lease.provenAt} ms after it was answered gone`);
    }
    const past = began - lease.end;
    if (past <= 0) return;
    this.past.set(lease.id, Math.max(past, this.past.get(lease.id) ?? 0));
    if (began > lease.perhaps + SLACK_MS) this.#addLate(lease, past);
    else if (past > SLACK_MS) this.unsure.add(lease.id);
  }

  #addLate(lease: Promised, past: number): void {
    const told = `accepted ${past} ms past its end (revocation: ${lease.revoked})`;
    this.late.set(lease.id, told);
    const { end } = lease;
    const explain = (own: number | null): void => {
      if (own !== null) this.late.set(lease.id, `${told}; the target's own end for it is ${own - end} ms past`);
    };
    this.#ownEnd(lease.username).then(explain, () => {});
  }
}

/** Does something for each, six at a time. */
export async function forEach<T>(all: Iterable<T>, work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all];
  const turns = Array.from({ length: 6 }, async () => {
    for (let one = rest.pop(); one !== undefined; one = rest.pop()) await work(one);
  });
  await Promise.all(turns);
}
