/** A small stand-in for the server, over real HTTP. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Ask, Refused, world } from "./answers.ts";

/** A running stand-in. */
export interface StandIn {
  url: string;
  /** `METHOD /path` of every request. */
  requests: string[];
  /** `target down`, `target refuses`, `lagging`, `leases only`, `two projects`, `no projects`. */
  conditions: Set<string>;
  stop(): Promise<void>;
}

/** Starts a stand-in on a free loopback port. */
export async function startStandIn(): Promise<StandIn> {
  const requests: string[] = [];
  const conditions = new Set<string>();
  const answer = world(conditions);
  const server = createServer(async (request, response) => {
    const ask = await read(request);
    requests.push(`${ask.method} ${ask.path}`);
    let status = 200;
    let body: unknown;
    try {
      if (!ask.path.endsWith("/login") && request.headers.authorization !== "Bearer good-token") {
        throw new Refused(403, "TokenError", "The token is not valid, or it has expired");
      }
      body = answer(ask);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      status = error.status;
      const { message, details } = error;
      body = { reqId: "req-1", statusCode: status, message, error: error.error, ...(details ? { details } : {}) };
      if (error.error === "RevocationPending") response.setHeader("retry-after", "1");
    }
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}`, requests, conditions, stop };
}

async function read(request: IncomingMessage): Promise<Ask> {
  const { pathname, searchParams } = new URL(request.url!, "http://host");
  let text = "";
  for await (const part of request) text += part;
  const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { method: request.method!, path: pathname, given: { ...Object.fromEntries(searchParams), ...body } };
}
