/** Sends requests as they are: nothing is normalised on the way, and nothing is waited for without end. */
import { Agent, request } from "node:http";

/** A request, byte for byte. */
export interface Sent {
  method: string;
  /** Path and query, as they go over the wire. */
  target: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/** What came of it. `status` is 0 where the connection ended without an answer. */
export interface Heard {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  ms: number;
  /** Why there is no answer. */
  error?: string;
}

/** A request without an answer after so many milliseconds hangs. */
export const PATIENCE_MS = 10_000;

/** Makes a sender to a server. */
export function senderTo(url: string): { send(sent: Sent): Promise<Heard>; close(): void } {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const once = ({ method, target, headers, body }: Sent, kept: Agent | false): Promise<Heard & { reused: boolean }> =>
    new Promise((resolve) => {
      const began = performance.now();
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const length = body === undefined ? {} : { "content-length": String(body.length) };
      const asking = request({
        hostname,
        port,
        method,
        path: target,
        headers: { ...length, ...headers },
        agent: kept,
        signal,
      });
      const end = (heard: Partial<Heard>): void =>
        resolve({
          status: 0,
          headers: {},
          text: "",
          ...heard,
          ms: performance.now() - began,
          reused: asking.reusedSocket,
        });
      asking.on("response", (response) => {
        const chunks: Buffer[] = [];
        // A stream of events has no end: that it began is the answer.
        if (response.headers["content-type"]?.startsWith("text/event-stream")) {
          end({ status: response.statusCode!, headers: response.headers });
          response.destroy();
          return;
        }
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", (error) => end({ error: error.message }));
        response.on("end", () =>
          end({
            status: response.statusCode!,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      asking.on("error", (error) => end({ error: signal.aborted ? "hangs" : error.message }));
      asking.end(body);
    });
  return {
    async send(sent) {
      const heard = await once(sent, agent);
      // A kept connection that the server had closed meanwhile: that is no answer to this request.
      return heard.status === 0 && heard.reused && heard.error !== "hangs" ? once(sent, false) : heard;
    },
    close: () => agent.destroy(),
  };
}
