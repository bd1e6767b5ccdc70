/**
 * A typed client over any `fetch`.
 *
 * Owns how a request is written and how an answer is read. It tries once: when to try again, when to sign in and how
 * long to wait are its user's decisions, for which the error carries all that the server said.
 */
import { errorBody } from "./errors.ts";
import type { ReplyOf, RequestOf, Route } from "./route.ts";

/** What `fetch` is told of a request: so little that any HTTP client can stand in for the built-in one. */
export interface FetchInit {
  method: string;
  headers: Record<string, string>;
  body?: string;
  redirect: "error";
  signal?: AbortSignal;
}

/** What a client is made of. */
export interface ClientOptions {
  /** The server's origin and path, with or without `/api`. */
  baseUrl: string;
  fetch: (url: string, init: FetchInit) => Promise<Response>;
  /** The bearer token, or how to get it; asked for on each call. Routes that are open to all never get it. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Sent with every request. */
  headers?: Record<string, string>;
}

/** What one call may say beyond its input. */
export interface CallOptions {
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Calls routes. */
export interface Client {
  call<R extends Route>(route: R, input: RequestOf<R>, options?: CallOptions): Promise<ReplyOf<R>>;
}

/** An answer that is not a success, or a success that is not the declared reply. No value that was sent is in it. */
export class WireError extends Error {
  override name = "WireError";
  readonly status: number;
  /** The wire name (`NotFound`, `RevocationPending`, …), or `UnexpectedReply` when the answer is not the wire's. */
  readonly error: string;
  readonly requestId: string | null;
  readonly details: unknown;
  /** Seconds to wait before another try, as the server asks. */
  readonly retryAfter: number | null;

  constructor(said: {
    status: number;
    error: string;
    message: string;
    requestId?: string | null;
    details?: unknown;
    retryAfter?: number | null;
    cause?: unknown;
  }) {
    super(said.message, { cause: said.cause });
    this.status = said.status;
    this.error = said.error;
    this.requestId = said.requestId ?? null;
    this.details = said.details;
    this.retryAfter = said.retryAfter ?? null;
  }
}

/** Makes a client. What `fetch` throws passes through unchanged. */
export function createClient({ baseUrl, fetch, token, headers }: ClientOptions): Client {
  const origin = originOf(baseUrl);
  return {
    async call(route, input, options = {}) {
      const bearer = "open" in route.permission ? undefined : typeof token === "function" ? await token() : token;
      const body = route.method === "GET" ? undefined : JSON.stringify(input.body ?? {});
      const response = await fetch(origin + pathOf(route, input.params ?? {}) + queryOf(input.query ?? {}), {
        method: route.method,
        headers: {
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(bearer && { authorization: `Bearer ${bearer}` }),
          ...headers,
          ...options.headers,
        },
        // A redirect would turn a POST into a GET, or carry the token elsewhere.
        redirect: "error",
        ...(body !== undefined && { body }),
        ...(options.signal && { signal: options.signal }),
      });
      return read(route, response);
    },
  };
}

/** The origin and path of a server, without a final slash and without `/api`. @throws TypeError when it is no address */
export function originOf(baseUrl: string): string {
  const url = new URL(baseUrl);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError("The server's address must begin with http:// or https://");
  const path = url.pathname.split("/").filter((part) => part !== "");
  if (path.at(-1) === "api") path.pop();
  return [url.origin, ...path].join("/");
}

function pathOf(route: Route, params: object): string {
  const values = params as Record<string, unknown>;
  return route.path.replace(/:([A-Za-z]+)/g, (_, name: string) => {
    const value = String(values[name] ?? "");
    // A URL drops these segments, and the request would reach another route.
    if (value === "" || value === "." || value === "..") throw new TypeError(`${name} must be a name`);
    return encodeURIComponent(value);
  });
}

function queryOf(query: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) search.set(name, String(value));
  }
  return search.size > 0 ? `?${search}` : "";
}

async function read<R extends Route>(route: R, response: Response): Promise<ReplyOf<R>> {
  const said = {
    status: response.status,
    requestId: response.headers.get("x-request-id"),
    retryAfter: secondsUntil(response.headers.get("retry-after")),
  };
  const json: unknown = await response.json().catch((cause: unknown) => {
    // Cut off or not JSON: what came instead may be anybody's page, so none of it is repeated.
    const message = `${route.method} ${route.path} was answered with status ${response.status} and without a JSON body`;
    throw new WireError({ ...said, error: "UnexpectedReply", message, cause: nameOnly(cause) });
  });
  if (!response.ok) {
    const body = errorBody.safeParse(json);
    const message = `${route.method} ${route.path} was answered with status ${response.status}`;
    if (!body.success) throw new WireError({ ...said, error: "UnexpectedReply", message });
    const { error, details, reqId } = body.data;
    throw new WireError({ ...said, error, message: body.data.message, details, requestId: reqId });
  }
  const reply = route.reply.safeParse(json);
  if (reply.success) return reply.data as ReplyOf<R>;
  const fields = reply.error.issues.map((issue) => issue.path.join(".")).join(", ");
  const message = `${route.method} ${route.path} was answered in an unknown form: ${fields}`;
  throw new WireError({ ...said, error: "UnexpectedReply", message });
}

// A parser's message quotes its input.
function nameOnly(cause: unknown): unknown {
  return cause instanceof SyntaxError ? new SyntaxError("not JSON") : cause;
}

function secondsUntil(retryAfter: string | null): number | null {
  if (retryAfter === null || retryAfter.trim() === "") return null;
  const seconds = Number(retryAfter);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}
