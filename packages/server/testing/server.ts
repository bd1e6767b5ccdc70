/** A real server for tests: embedded store in a folder of its own, a free port on loopback, callers by HTTP. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { audit, Store } from "@dayfly/store";
import { type Running, readSettings, type StartOptions, startServer } from "../index.ts";

/** An answer, as far as tests look. */
export interface Heard {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  body: any;
  requestId: string;
}

/** What a request may carry. */
export interface Said {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Leaves after the head of an answer that goes on. */
  headOnly?: boolean;
}

/** A running server and ways to talk to it. */
export interface TestServer {
  running: Running;
  dataDir: string;
  call(method: string, path: string, said?: Said): Promise<Heard>;
  /** The same in fewer words, by `admin` unless another token is given. */
  ask(method: string, path: string, body?: unknown, token?: string): Promise<Heard>;
  /** A token of the identity that the first start made. */
  admin: string;
  login(credentials: { clientId: string; clientSecret: string }): Promise<string>;
  /** Makes an identity by the API. */
  newIdentity(orgRole?: string): Promise<{ id: string; token: string; clientId: string; clientSecret: string }>;
  auditOf(requestId: string): Promise<audit.AuditRow[]>;
  stop(): Promise<void>;
}

/** The answer, which has to be a good one. */
export function ok(heard: Heard): Heard {
  assert.equal(heard.status, 200, JSON.stringify(heard.body));
  return heard;
}

/** Starts one. */
export async function testServer(env: Record<string, string> = {}, options: StartOptions = {}): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "dayfly-test-server-"));
  const base = { PORT: "0", DAYFLY_DATA_DIR: dataDir, ALLOW_LOOPBACK_TARGETS: "true", LOG_LEVEL: "silent" };
  const running = await startServer(readSettings({ ...base, ...env }), options).catch((error) => {
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  });
  const origin = running.url.replace("localhost", "127.0.0.1");
  const call: TestServer["call"] = async (method, path, { token, body, headers, headOnly } = {}) => {
    const requestId = `test-${randomBytes(8).toString("hex")}`;
    const response = await fetch(origin + path, {
      method,
      headers: {
        "x-request-id": requestId,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    if (headOnly && response.ok) await response.body?.cancel();
    const text = headOnly && response.ok ? "" : await response.text();
    return { status: response.status, headers: response.headers, body: readBody(text), requestId };
  };
  const login: TestServer["login"] = async ({ clientId, clientSecret }) => {
    const { body } = await call("POST", "/api/v1/auth/universal-auth/login", { body: { clientId, clientSecret } });
    return body.accessToken;
  };
  const { identity, organizationId } = running.bootstrap!;
  const admin = await login(identity);
  return {
    running,
    dataDir,
    call,
    ask: (method, path, body, token = admin) => call(method, path, { token, body }),
    admin,
    login,
    async newIdentity(role = "no-access") {
      const name = `identity-${randomBytes(3).toString("hex")}`;
      const made = await call("POST", "/api/v1/identities", { token: admin, body: { name, organizationId, role } });
      const { id } = made.body.identity;
      const path = `/api/v1/auth/universal-auth/identities/${id}`;
      const auth = await call("POST", path, { token: admin, body: {} });
      const secret = await call("POST", `${path}/client-secrets`, { token: admin, body: {} });
      const { clientId } = auth.body.identityUniversalAuth;
      const { clientSecret } = secret.body;
      return { id, clientId, clientSecret, token: await login({ clientId, clientSecret }) };
    },
    auditOf: (requestId) => auditOf(running.store, requestId),
    async stop() {
      await running.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The rows of one request, oldest first. */
export async function auditOf({ pool }: Store, requestId: string): Promise<audit.AuditRow[]> {
  const { rows } = await pool.query<{ body: string }>(
    "select body from audit_events where body::json ->> 'requestId' = $1 order by txid",
    [requestId],
  );
  return rows.map(({ body }) => JSON.parse(body));
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
