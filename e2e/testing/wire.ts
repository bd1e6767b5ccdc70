/** A caller of the HTTP API that knows nothing but HTTP and JSON, and remembers each answer. */

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at as they come, as a foreign client would
export type Json = any;

/** An answer, whatever its status. */
export interface Answer {
  status: number;
  body: Json;
  /** As it came. */
  text: string;
  requestId: string;
  headers: Headers;
}

/** What a request may carry. `text` is sent as it is, in place of a JSON `body`. */
export interface Sent {
  query?: Record<string, string>;
  body?: unknown;
  text?: string;
  headers?: Record<string, string>;
}

/** One remembered exchange. */
export interface Exchange {
  method: string;
  path: string;
  answer: Answer;
}

/** A caller with or without a token. */
export interface Wire {
  call(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** As `call`, but anything except 200 throws. */
  ok(method: string, path: string, sent?: Sent): Promise<Json>;
  /** The same caller with another token, and with the same memory. */
  as(token: string | null): Wire;
  /** What says who calls. */
  headers: Record<string, string>;
  exchanges: Exchange[];
}

/** Makes a caller of the server at `url`. */
export function wire(url: string, token: string | null = null, exchanges: Exchange[] = []): Wire {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const call = async (method: string, path: string, sent: Sent = {}): Promise<Answer> => {
    const query = sent.query ? `?${new URLSearchParams(sent.query)}` : "";
    const body = sent.text ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body));
    const response = await fetch(`${url}${path}${query}`, {
      method,
      ...(body !== undefined && { body }),
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
        ...sent.headers,
      },
    });
    const text = await response.text();
    const json = text !== "" && (response.headers.get("content-type")?.includes("json") ?? false);
    const answer: Answer = {
      status: response.status,
      body: json ? (JSON.parse(text) as Json) : null,
      text,
      requestId: response.headers.get("x-request-id") ?? "",
      headers: response.headers,
    };
    exchanges.push({ method, path, answer });
    return answer;
  };
  return {
    call,
    async ok(method, path, sent) {
      const answer = await call(method, path, sent);
      // Only errors are quoted: a good answer may hold a credential.
      if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.body;
    },
    headers,
    as: (other) => wire(url, other, exchanges),
    exchanges,
  };
}

/** Signs a machine in. */
export async function signIn(
  url: string,
  identity: { clientId: string; clientSecret: string },
  exchanges: Exchange[] = [],
): Promise<Wire> {
  const anonymous = wire(url, null, exchanges);
  const { clientId, clientSecret } = identity;
  const { accessToken } = await anonymous.ok("POST", "/api/v1/auth/universal-auth/login", {
    body: { clientId, clientSecret },
  });
  return anonymous.as(accessToken);
}
