/**
 * The continuous look: logins with every lease while it lives, from its end until it is refused, and after that again.
 *
 * It goes on whether the server runs or not; only the journal and the target are asked.
 */
import type { Ledger, Promised } from "./ledger.ts";
import { type Findings, login, SLACK_MS } from "./logins.ts";

const ROUND_MS = 50;
const AT_ONCE = 6;
const UNTIL_REFUSED_MS = 500;
const AFTER_END_MS = [SLACK_MS + 20, 8_000, 15_000, 30_000, 60_000];
const AFTER_PROOF_MS = [0, 2_000, 10_000];

interface Watched {
  lease: Promised;
  lookedAt: number;
  /** At which part of its life it is looked at. */
  share: number;
  refused: boolean;
  running: boolean;
  next: number;
}

/** When this lease is to be tried next. */
function nextLook({ lease, lookedAt, share, refused }: Watched): number {
  const firstAfter = (start: number, waits: number[]): number =>
    waits.map((wait) => start + wait).find((at) => at > lookedAt) ?? Number.POSITIVE_INFINITY;
  if (lease.revoked === "proven") return firstAfter(lease.provenAt, AFTER_PROOF_MS);
  if (lookedAt === 0 && lease.revoked === "no") {
    return lease.leasedAt + share * Math.min(lease.end - lease.leasedAt, 30_000);
  }
  if (lookedAt < lease.end) return lease.end;
  return refused ? firstAfter(lease.end, AFTER_END_MS) : lookedAt + UNTIL_REFUSED_MS;
}

/** Watches until the process ends. */
export function watch(ledger: Ledger, findings: Findings): void {
  const watched = new Map<string, Watched>();
  let running = 0;

  const notice = (): void => {
    for (const lease of ledger.read()) {
      const known = watched.get(lease.id);
      const one = known ?? { lease, lookedAt: 0, share: Math.random(), refused: false, running: false, next: 0 };
      watched.set(lease.id, one);
      one.refused &&= one.lookedAt > lease.perhaps;
      one.next = nextLook(one);
    }
  };

  const look = async (one: Watched): Promise<void> => {
    one.running = true;
    running += 1;
    const began = Date.now();
    const { down } = ledger;
    const outcome = await login(one.lease);
    // What was asked of the server meanwhile may explain the outcome.
    notice();
    findings.judge(one.lease, outcome, began, down);
    if (outcome !== "unasked") one.lookedAt = began;
    one.refused = outcome === "refused";
    one.next = outcome === "unasked" ? began + UNTIL_REFUSED_MS : nextLook(one);
    one.running = false;
    running -= 1;
  };

  const round = (): void => {
    notice();
    const now = Date.now();
    const due = [...watched.values()].filter(({ next, running: busy }) => next <= now && !busy);
    due.sort((a, b) => a.next - b.next);
    for (const one of due.slice(0, AT_ONCE - running)) void look(one);
    setTimeout(round, ROUND_MS);
  };
  round();
}
