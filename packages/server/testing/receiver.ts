/** A receiver of alerts on loopback, which answers as a test wants it to. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request, as it came. */
export interface Received {
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  body: any;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** How the next requests are answered; 204 at first. */
  answer: (response: ServerResponse, received: Received) => void;
  stop(): Promise<void>;
}

/** Starts one. */
export async function receiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const received = { headers: request.headers, text, body: JSON.parse(text) };
    made.received.push(received);
    made.answer(response, received);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const made: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/canary-path?token=canary-query`,
    received: [],
    answer: (response) => response.writeHead(204).end(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return made;
}
