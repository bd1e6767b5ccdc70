/**
 * The HTTP door: what is true of every request and every answer, whatever route they are for. Owns limits, request ids,
 * security headers and body parsing; it knows no route and no right.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Settings } from "./config.ts";
import { readTls } from "./listen.ts";
import { Refusal } from "./refusal.ts";

const BODY_LIMIT = 1024 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
const MOST_AT_ONCE = 1_000;

/** On every answer, errors too. */
export const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
const HSTS = { "strict-transport-security": "max-age=31536000; includeSubDomains" };

/** A request id that a client may choose: it is written into logs and audit rows. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

function requestId(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
}

/** What the door tells of requests that no route will ever see. */
export interface Porter {
  /** The address could not be read; headers are there. */
  badAddress(error: Error, request: FastifyRequest, reply: FastifyReply): void;
  /** It was no HTTP, or never ended. Answered when this is done. */
  garbage(from: { requestId: string; ip: string | null; status: number }): Promise<void>;
}

/** A Fastify with everything set but its routes. */
export function openDoor(settings: Pick<Settings, "tls" | "trustedProxies">, porter: Porter): FastifyInstance {
  // Node would refuse a request without a host by itself, without our headers and unrecorded.
  const http = { connectionsCheckingInterval: 1_000, headersTimeout: HEADERS_TIMEOUT_MS, requireHostHeader: false };
  const app = fastify({
    ...(settings.tls === undefined
      ? { http }
      : {
          https: { ...http, ...readTls(settings.tls) },
        }),
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: settings.trustedProxies.length > 0 ? settings.trustedProxies : false,
    genReqId: requestId,
    exposeHeadRoutes: false,
    // While draining, what arrives on open connections is still served.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 255 },
    frameworkErrors: porter.badAddress,
    clientErrorHandler: (error, socket) => void refuseGarbage(error, socket, porter),
  }) as unknown as FastifyInstance;
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    // Clients announce JSON and send nothing.
    if (body === "") done(null, undefined);
    else parse(request, body as string, done);
  });
  // The same of an expectation that nobody knows: it is not met and changes nothing.
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
  app.addHook("onRequest", async (request, reply) => {
    dress(reply, request, settings.tls !== undefined);
  });
  limitAtOnce(app);
  app.addHook("onRequest", async (request) => {
    if (request.headers.host === undefined && request.raw.httpVersion !== "1.0") {
      throw new Refusal("BadRequest", "The request names no host");
    }
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
      throw new Refusal("UnsupportedMediaType", "Send the body as it is: no content encoding is accepted");
    }
  });
  return app;
}

/** Puts the headers of every answer on a reply. */
export function dress(reply: FastifyReply, request: FastifyRequest, tls: boolean): void {
  reply.headers({ ...securityHeaders, ...(tls ? HSTS : {}), "x-request-id": request.id });
}

function limitAtOnce(app: FastifyInstance): void {
  let inside = 0;
  app.addHook("onRequest", async (_request, reply) => {
    inside += 1;
    reply.raw.once("close", () => {
      inside -= 1;
    });
    if (inside > MOST_AT_ONCE) {
      throw new Refusal("ServiceUnavailable", "The server is busy: try again", { retryAfter: 1 });
    }
  });
}

/** What is no HTTP at all gets a last word and a closed connection. */
async function refuseGarbage(error: Error & { code?: string }, socket: Socket, porter: Porter): Promise<void> {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const late = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const [status, name] = late ? [408, "RequestTimeout"] : [400, "BadRequest"];
  const reqId = randomUUID();
  try {
    await porter.garbage({ requestId: reqId, ip: socket.remoteAddress ?? null, status });
  } finally {
    const message = late ? "The request did not arrive in time" : "The request is not well-formed HTTP";
    const body = JSON.stringify({ reqId, statusCode: status, message, error: name });
    const headers = {
      ...securityHeaders,
      "x-request-id": reqId,
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      connection: "close",
    };
    const lines = Object.entries(headers).map(([header, value]) => `${header}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${name}\r\n${lines.join("")}\r\n${body}`);
  }
}
