/**
 * One signed-in machine that speaks to any of several nodes.
 *
 * Unlike the one of e2e it waits no longer than it was told, takes a broken connection for an answer like any other, and
 * remembers nothing but how often each thing was answered.
 */
import type { Credential } from "../../e2e/testing/project.ts";
import type { Json } from "../../e2e/testing/wire.ts";

/** A little more than the official SDK waits. */
const PATIENCE_MS = 12_000;

/** What came back. `status` is 0 when nothing did; `error` is then why. */
export interface Reply {
  status: number;
  error: string;
  body: Json;
  ms: number;
}

/** An answered create, and its lease where there is one. */
export interface Issued extends Reply {
  lease: Credential | null;
}

/** Where the leases lie. */
export const place = { projectSlug: "bench", environmentSlug: "prod", path: "/" };

const at = "/api/v1/dynamic-secrets/leases";

/** Makes a caller; `headers` say who it is. */
export function createCaller(headers: Record<string, string>) {
  const replies = new Map<string, { count: number; longest: number; said: string }>();

  async function send(
    url: string,
    method: string,
    path: string,
    body?: object,
    more: { key?: string; ms?: number; as?: string } = {},
  ): Promise<Reply> {
    const began = performance.now();
    const finish = (status: number, error: string, answer: Json): Reply => {
      const ms = performance.now() - began;
      const label = `${more.as ?? `${method} ${path}`}: ${status || "none"}${error && ` ${error}`}`;
      const said = status === 200 ? "" : String(answer?.message ?? "");
      const known = replies.get(label) ?? { count: 0, longest: 0, said };
      replies.set(label, { ...known, count: known.count + 1, longest: Math.max(known.longest, ms) });
      return { status, error, body: answer, ms };
    };
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        signal: AbortSignal.timeout(more.ms ?? PATIENCE_MS),
        ...(body && { body: JSON.stringify(body) }),
        headers: {
          ...headers,
          ...(body && { "content-type": "application/json" }),
          ...(more.key !== undefined && { "idempotency-key": more.key }),
        },
      });
      const text = await response.text();
      const answer = text.startsWith("{") ? (JSON.parse(text) as Json) : null;
      return finish(response.status, response.status === 200 ? "" : String(answer?.error ?? ""), answer);
    } catch (error) {
      const { name, cause } = error as Error & { cause?: { code?: string } };
      return finish(0, cause?.code ?? name, null);
    }
  }

  return {
    send,
    /** How often each act was answered how, the longest wait for it in milliseconds, and what the first such answer said. */
    replies,
    async create(url: string, secret: string, ttl: number, key?: string): Promise<Issued> {
      const body = { ...place, dynamicSecretName: secret, ttl: `${ttl}s` };
      const reply = await send(url, "POST", at, body, { as: "create", ...(key !== undefined && { key }) });
      if (reply.status !== 200) return { ...reply, lease: null };
      const { lease, data } = reply.body;
      const expireAt = new Date(lease.expireAt);
      const { DB_USERNAME: username, DB_PASSWORD: password } = data;
      return { ...reply, lease: { id: lease.id, username, password, expireAt } };
    },
    renew: (url: string, id: string, ttl: number, key?: string): Promise<Reply> =>
      send(
        url,
        "POST",
        `${at}/${id}/renew`,
        { ...place, ttl: `${ttl}s` },
        { as: "renew", ...(key !== undefined && { key }) },
      ),
    revoke: (url: string, id: string): Promise<Reply> => send(url, "DELETE", `${at}/${id}`, place, { as: "revoke" }),
    get: (url: string, id: string): Promise<Reply> =>
      send(url, "GET", `${at}/${id}?${new URLSearchParams(place)}`, undefined, { as: "get" }),
    ready: async (url: string): Promise<boolean> =>
      (await send(url, "GET", "/readyz", undefined, { ms: 2_000, as: "readyz" })).status === 200,
  };
}

/** A caller. */
export type Caller = ReturnType<typeof createCaller>;
