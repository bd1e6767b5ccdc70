/**
 * How a call travels: signed, retried, and told as an error of this package when it fails.
 *
 * Owns the order: the token first, so that its sign-in has its own tries; then the call with its tries, under one
 * Idempotency-Key where its route takes one; and a refused token is replaced once.
 */
import {
  createClient,
  IDEMPOTENCY_KEY,
  originOf,
  type ReplyOf,
  type RequestOf,
  type Route,
  routes,
} from "@dayfly/contract";
import { AuthError } from "./errors.ts";
import type { Fetch } from "./http.ts";
import { type Patience, persist, type TryReport } from "./retry.ts";
import { type Credentials, tokenSource } from "./sign-in.ts";

/** Calls a route of the contract. The server may take `moreMs` longer than usual. */
export type Call = <R extends Route>(route: R, input: RequestOf<R>, moreMs?: number) => Promise<ReplyOf<R>>;

/** One try, for a log. It holds no header, no query and no body. */
export interface CallReport {
  method: string;
  path: string;
  /** A status, or what happened instead of an answer. */
  outcome: string;
  ms: number;
}

/** What a wire is made of. */
export interface WireOptions {
  host: string;
  credentials: Credentials;
  fetch: Fetch;
  patience: Patience;
  userAgent: string;
  now: () => number;
  random: () => number;
  /** Names one call, over all its tries. */
  newKey: () => string;
  signal?: AbortSignal | undefined;
  onTry?: ((report: CallReport) => void) | undefined;
}

/** Makes the function that all groups of the client call. */
export function openWire(options: WireOptions): { call: Call; token: () => Promise<string> } {
  const { fetch, userAgent, onTry } = options;
  const origin = originOf(options.host);
  const client = createClient({ baseUrl: origin, fetch, headers: { "user-agent": userAgent } });
  const around = { ...options, origin };

  const send = <R extends Route>(route: R, input: RequestOf<R>, headers: Record<string, string>, moreMs = 0) => {
    const { method, path } = route;
    const { tries, tryMs, totalMs } = options.patience;
    const patience = { tries, tryMs: tryMs + moreMs, totalMs: totalMs + moreMs };
    const repeatable = method !== "POST" || "open" in route.permission || IDEMPOTENCY_KEY in headers;
    const attempt = (signal: AbortSignal) => client.call(route, input, { signal, headers });
    const report = (report: TryReport) => onTry?.({ method, path, ...report });
    return persist({ ...around, patience }, repeatable, attempt, report);
  };
  const signIn = (body: { clientId: string; clientSecret: string }) => send(routes.universalAuthLogin, { body }, {});
  const tokens = tokenSource(options.credentials, signIn, options.now);

  const call: Call = async (route, input, moreMs) => {
    if ("open" in route.permission) return await send(route, input, {}, moreMs);
    const key: Record<string, string> = route.idempotencyKey ? { [IDEMPOTENCY_KEY]: options.newKey() } : {};
    const token = await tokens.get();
    try {
      return await send(route, input, { authorization: `Bearer ${token}`, ...key }, moreMs);
    } catch (error) {
      // A refused token means that nothing was done, so even a create may be asked again.
      if (!(error instanceof AuthError) || !tokens.drop(token)) throw error;
      return await send(route, input, { authorization: `Bearer ${await tokens.get()}`, ...key }, moreMs);
    }
  };
  return { call, token: () => tokens.get() };
}
