/**
 * Asking again: when a failed try may be repeated, how long to wait, and when to stop.
 *
 * Three tries, full jitter from 200 ms to 5 s, `Retry-After` obeyed, 10 s a try, 30 s in all. A request that makes
 * something (every POST but a sign-in) is asked again only when the server certainly did nothing: no connection came
 * about, or it was turned away by the rate limit. Creates and renewals of leases carry an Idempotency-Key, one over all
 * tries, and are asked again like a read: the server leaves one lease alive, and adds a renewal once.
 */
import { WireError } from "@dayfly/contract";
import { type DayflyError, TimeoutError } from "./errors.ts";
import { NotSent } from "./http.ts";
import { refusal, transportError } from "./refusal.ts";

/** How patient a client is. Milliseconds. */
export interface Patience {
  tries: number;
  tryMs: number;
  totalMs: number;
}

/** The patience of a client that was told nothing else. */
export const patient: Patience = { tries: 3, tryMs: 10_000, totalMs: 30_000 };

/** What asking again needs from outside. */
export interface Surroundings {
  origin: string;
  patience: Patience;
  now: () => number;
  random: () => number;
  signal?: AbortSignal | undefined;
}

/** How one try ended, for a log. */
export interface TryReport {
  outcome: string;
  ms: number;
}

/** Runs `attempt` until it succeeds or must not be repeated. @throws DayflyError, or the reason of an abort. */
export async function persist<T>(
  around: Surroundings,
  repeatable: boolean,
  attempt: (signal: AbortSignal) => Promise<T>,
  report: (report: TryReport) => void = () => {},
): Promise<T> {
  const { patience, now, signal } = around;
  const deadline = now() + patience.totalMs;
  for (let count = 1; ; count++) {
    const started = now();
    const limit = Math.max(1, Math.ceil(Math.min(patience.tryMs, deadline - started)));
    const timeout = AbortSignal.timeout(limit);
    let failure: Failure;
    try {
      const result = await attempt(signal ? AbortSignal.any([signal, timeout]) : timeout);
      report({ outcome: "200", ms: now() - started });
      return result;
    } catch (cause) {
      signal?.throwIfAborted();
      failure = failureOf(cause, around.origin, timeout.aborted ? limit : null);
      report({
        outcome: String(failure.error.status ?? failure.error.code ?? failure.error.name),
        ms: now() - started,
      });
    }
    const pause = pauseAfter(failure, count, around.random);
    const mayRepeat = repeatable ? failure.passing : failure.untouched;
    if (!mayRepeat || count >= patience.tries || now() + pause >= deadline) throw failure.error;
    await sleep(pause, signal);
  }
}

interface Failure {
  error: DayflyError;
  /** It may go better the next time. */
  passing: boolean;
  /** The server certainly did nothing. */
  untouched: boolean;
  /** Seconds the server asked for. */
  retryAfter: number | null;
}

function failureOf(cause: unknown, origin: string, timedOutAfter: number | null): Failure {
  if (cause instanceof WireError) {
    const { status, error, retryAfter } = cause;
    const passing = ([408, 429, 502, 503, 504].includes(status) && error !== "RevocationPending") || isOwnRepeat(cause);
    return { error: refusal(cause), passing, untouched: status === 429, retryAfter };
  }
  // Neither the network nor the server: a mistake in the request itself.
  if (cause instanceof TypeError && !cause.cause) throw cause;
  if (timedOutAfter !== null) {
    const error = new TimeoutError(`${origin} did not answer within ${Math.round(timedOutAfter / 100) / 10} s`, {
      retryable: true,
      cause,
    });
    return { error, passing: true, untouched: false, retryAfter: null };
  }
  return { error: transportError(origin, cause), passing: true, untouched: cause instanceof NotSent, retryAfter: null };
}

/** The answer to an earlier try of the same call was lost on its way: asked once more, it is made anew. */
function isOwnRepeat({ status, details }: WireError): boolean {
  return status === 409 && typeof details === "object" && details !== null && "repeat" in details;
}

function pauseAfter({ retryAfter }: Failure, count: number, random: () => number): number {
  if (retryAfter !== null) return retryAfter * 1000;
  return random() * Math.min(5000, 200 * 2 ** (count - 1));
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
