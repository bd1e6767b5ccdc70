/** A server that answers as a test tells it, one answer after the other. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { IssuedAnswer } from "../lease.ts";

/** A request as it arrived. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/** An answer; `cut` breaks the connection instead, `late` answers never. */
export type Answer =
  | { status?: number; body?: unknown; headers?: Record<string, string>; afterMs?: number }
  | "cut"
  | "late";

/** A running server; `asked` is what came. */
export interface Told {
  url: string;
  asked: Asked[];
  stop(): Promise<void>;
}

/** Starts a server that asks `answer` what to say. */
export async function startTold(answer: (asked: Asked, count: number) => Answer): Promise<Told> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const one = {
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      body: text ? JSON.parse(text) : null,
    };
    asked.push(one);
    say(response, answer(one, asked.length));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop };
}

function say(response: ServerResponse, answer: Answer): void {
  if (answer === "late") return;
  if (answer === "cut") {
    response.destroy();
    return;
  }
  const { status = 200, body = {}, headers, afterMs } = answer;
  if (afterMs !== undefined) {
    setTimeout(() => say(response, { status, body, ...(headers && { headers }) }), afterMs);
    return;
  }
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** The wire's error body. */
export function refusalBody(status: number, error: string, details?: unknown): Answer {
  const body = { reqId: "req-7", statusCode: status, message: `said ${error}`, error, ...(details ? { details } : {}) };
  return { status, body };
}

const times = { createdAt: "2026-01-31T12:00:00.000Z", updatedAt: "2026-01-31T12:00:00.000Z" };

/** A lease's id. */
export const leaseId = "6f1b1c52-6d4e-4c6e-9b8f-0f6f3f9b2a11";

/** A lease as the wire has it. */
export const leaseRecord = {
  ...times,
  id: leaseId,
  version: 1,
  externalEntityId: "u",
  expireAt: "2026-01-31T14:00:00.000Z",
  status: null,
  statusDetails: null,
  dynamicSecretId: "d",
  config: null,
};

/** A dynamic secret as the wire has it. */
export const dynamicSecretRecord = {
  ...times,
  id: "d",
  name: "pg",
  version: 1,
  type: "sql-database",
  defaultTTL: "2h",
  maxTTL: null,
  folderId: "f",
  status: null,
  statusDetails: null,
  usernameTemplate: null,
  metadata: [],
  frozen: null,
  gatewayId: null,
  gatewayV2Id: null,
};

/** What a lease create answers. */
export const issued: IssuedAnswer = {
  lease: leaseRecord,
  dynamicSecret: dynamicSecretRecord,
  data: { DB_USERNAME: "u", DB_PASSWORD: "canary-4711" },
};
