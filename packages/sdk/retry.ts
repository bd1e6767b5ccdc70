/**
 * Asking again: when a failed try may be repeated, how long to wait, and when to stop.
 *
 * Three tries, full jitter from 200 ms to 5 s, `Retry-After` obeyed, 10 s a try, 30 s in all. A request that makes
 * something (every POST but a sign-in) is asked again only when the server certainly did nothing: no connection came
 * about, or it was turned away by the rate limit. Otherwise a lost answer would leave a second account, or add a
 * renewal twice. An Idempotency-Key will lift this, once the server knows it.
 */
import { TimeoutError, TransportError } from "./errors.ts";
import { type Fetch, type FetchInit, NotSent } from "./http.ts";

/** How patient a client is. Milliseconds. */
export interface Patience {
  tries: number;
  tryMs: number;
  totalMs: number;
}

export const PATIENCE: Patience = { tries: 3, tryMs: 10_000, totalMs: 30_000 };

/** One try, as told to whoever wants to log it. It holds no header and no body. */
export interface TryReport {
  method: string;
  url: string;
  status?: number;
  error?: string;
  ms: number;
}

/** What asking again needs from outside. */
export interface RetrySurroundings {
  fetch: Fetch;
  patience: Patience;
  random: () => number;
  now: () => number;
  signal?: AbortSignal | undefined;
  onTry?: ((report: TryReport) => void) | undefined;
}

/** Wraps a fetch so that it asks again where that is safe. `repeatable` says that doing it twice is as good as once. */
export function retrying(around: RetrySurroundings): (url: string, init: FetchInit, repeatable: boolean) => Promise<Response> {
  return async (url, init, repeatable) => {
    const deadline = around.now() + around.patience.totalMs;
    for (let count = 1; ; count++) {
      const outcome = await once(around, url, init, deadline);
      const last = count >= around.patience.tries;
      if (last || !(await mayRepeat(outcome, repeatable))) return settle(outcome);
      const pause = pauseBefore(count, outcome, around.random);
      if (around.now() + pause >= deadline) return settle(outcome);
      await sleep(pause, around.signal);
    }
  };
}

type Outcome = { response: Response } | { error: TransportError | TimeoutError; sent: boolean };

async function once(around: RetrySurroundings, url: string, init: FetchInit, deadline: number): Promise<Outcome> {
  const started = around.now();
  const limit = Math.max(1, Math.min(around.patience.tryMs, deadline - started));
  const timeout = AbortSignal.timeout(limit);
  const signal = around.signal ? AbortSignal.any([around.signal, timeout]) : timeout;
  const report = { method: init.method ?? "GET", url };
  try {
    const response = await around.fetch(url, { ...init, signal });
    around.onTry?.({ ...report, status: response.status, ms: around.now() - started });
    return { response };
  } catch (cause) {
    around.signal?.throwIfAborted();
    const error = timeout.aborted ? timedOut(url, limit, cause) : notReached(url, cause);
    around.onTry?.({ ...report, error: error.code ?? error.name, ms: around.now() - started });
    return { error, sent: !(cause instanceof NotSent) };
  }
}

function settle(outcome: Outcome): Response {
  if ("error" in outcome) throw outcome.error;
  return outcome.response;
}

async function mayRepeat(outcome: Outcome, repeatable: boolean): Promise<boolean> {
  if ("error" in outcome) return repeatable || !outcome.sent;
  const { status } = outcome.response;
  if (status === 429) return true;
  if (!repeatable) return false;
  if (status === 503) return !(await outcome.response.clone().text()).includes('"RevocationPending"');
  return status === 408 || status === 502 || status === 504;
}

function pauseBefore(count: number, outcome: Outcome, random: () => number): number {
  const asked = "response" in outcome ? retryAfter(outcome.response) : undefined;
  if (asked !== undefined) return asked * 1000;
  return random() * Math.min(5000, 200 * 2 ** (count - 1));
}

/** Seconds of a `Retry-After`, which is a number or a date. */
export function retryAfter(response: Response): number | undefined {
  const text = response.headers.get("retry-after");
  if (text === null) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

function notReached(url: string, cause: unknown): TransportError {
  const code = codeOf(cause);
  const { origin } = new URL(url);
  const why = REASONS[code ?? ""] ?? (code ? `the connection failed (${code})` : "the connection failed");
  return new TransportError(`Could not reach ${origin}: ${why}`, { ...(code && { code }), retryable: true, cause });
}

function timedOut(url: string, limit: number, cause: unknown): TimeoutError {
  const seconds = Math.round(limit / 100) / 10;
  return new TimeoutError(`${new URL(url).origin} did not answer within ${seconds} s`, { retryable: true, cause });
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  EPROTO: "it does not speak TLS there; is it http instead of https?",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed; name its CA in NODE_EXTRA_CA_CERTS",
  SELF_SIGNED_CERT_IN_CHAIN: "its CA is not trusted; name it in NODE_EXTRA_CA_CERTS",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its CA is not trusted; name it in NODE_EXTRA_CA_CERTS",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : codeOf(error.cause);
}
