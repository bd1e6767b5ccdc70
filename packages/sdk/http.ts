/**
 * HTTP out, in the shape of fetch, over node:http and node:https.
 *
 * Not the built-in fetch: that one offers compression and follows redirects, and a redirect would carry a token or a
 * client secret to a host nobody named. It also says whether a failed request ever left, which decides what may be
 * asked again.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { ClientOptions } from "@dayfly/contract";

/** The part of fetch that the SDK uses; the built-in one fits. */
export type Fetch = ClientOptions["fetch"];

/** No connection came about, so the server cannot have seen the request. */
export class NotSent extends Error {
  override name = "NotSent";
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/** No answer of this API comes near it. */
const MAX_ANSWER = 32 * 1024 * 1024;

/** Asks once, without redirects and without compression. @throws NotSent, or the socket's own error. */
export const httpFetch: Fetch = async (url, { method, headers, body = "", signal }) => {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  // Loading TLS takes time, and a local server speaks plain HTTP.
  const { request } = secure ? await import("node:https") : await import("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const req = request(target, {
    method,
    headers: { ...headers, ...(body && { "content-length": Buffer.byteLength(body) }) },
    ...(signal && { signal }),
  });
  const connected = watchConnection(req, secure);
  req.once("error", (error) => reject(connected() || signal?.aborted ? error : new NotSent(error)));
  req.once("response", (answer) => gather(answer).then(resolve, reject));
  req.end(body);
  return await promise;
};

function watchConnection(req: ClientRequest, secure: boolean): () => boolean {
  let connected = false;
  req.once("socket", (socket) => {
    // A socket that was used before is connected already, and a server that closed it may have seen this request.
    if (req.reusedSocket) {
      connected = true;
      return;
    }
    socket.once(secure ? "secureConnect" : "connect", () => {
      connected = true;
    });
  });
  return () => connected;
}

async function gather(answer: IncomingMessage): Promise<Response> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER) throw new Error(`The answer is longer than ${MAX_ANSWER} bytes`);
    parts.push(part);
  }
  const status = answer.statusCode ?? 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value));
  // A Response of these may have no body at all, not even an empty one.
  const bodiless = status === 204 || status === 205 || status === 304;
  return new Response(bodiless ? null : Buffer.concat(parts), { status, headers });
}
