/**
 * Servers that speak just enough PostgreSQL to ask for a password in a wrong way, and write down all they are sent.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Certificate } from "../../../scripts/servers/tls.ts";

/** How a rogue behaves. */
export interface Rogue {
  /** What it answers to the request for TLS. */
  tls: "N" | "S" | "E" | "S and more" | "nothing";
  certificate?: Certificate;
  /** How it asks for the password. */
  asks: "clear text" | "MD5" | "SCRAM";
}

/** A running rogue. */
export interface RunningRogue {
  port: number;
  /** All it was sent, also inside TLS. */
  heard(): string;
  stop(): Promise<void>;
}

const message = (kind: string, body: Buffer) => {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const ask: Record<Rogue["asks"], Buffer> = {
  "clear text": message("R", Buffer.from([0, 0, 0, 3])),
  MD5: message("R", Buffer.from([0, 0, 0, 5, 1, 2, 3, 4])),
  SCRAM: message("R", Buffer.concat([Buffer.from([0, 0, 0, 10]), Buffer.from("SCRAM-SHA-256\0\0")])),
};

/** Starts one on the loopback. */
export async function startRogue({ tls, certificate, asks }: Rogue): Promise<RunningRogue> {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    const startup = (stream: Socket) => {
      stream.on("error", () => {});
      stream.on("data", (data) => {
        heard.push(data);
        // 'p' carries the answer to the question; there is no more to learn.
        if (data[0] === 0x70) stream.destroy();
      });
      stream.once("data", () => stream.write(ask[asks]));
    };
    socket.once("data", (first) => {
      heard.push(first);
      if (first.length !== 8) {
        // No request for TLS: this was the startup itself.
        startup(socket);
        socket.write(ask[asks]);
        return;
      }
      if (tls === "nothing") return;
      socket.write(tls);
      if (tls === "N") startup(socket);
      if (tls === "S" && certificate) {
        const secureContext = createSecureContext({ cert: certificate.cert, key: certificate.key });
        startup(new TLSSocket(socket, { isServer: true, secureContext }));
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    heard: () => Buffer.concat(heard).toString("latin1"),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
