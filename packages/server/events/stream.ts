/** An answer that goes on: server-sent events on an open connection. */
import type { FastifyReply } from "fastify";
import type { Follow } from "./feed.ts";

/** Sends the head of the answer and follows from then on. */
export function openStream(reply: FastifyReply, follow: Follow): void {
  const { raw } = reply;
  const head = reply.getHeaders() as Record<string, string>;
  reply.hijack();
  // A proxy that collects an answer before it passes it on would keep it for ever.
  raw.writeHead(200, {
    ...head,
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",
    // Its end is the end of the connection, so that a server that stops need not wait for it.
    connection: "close",
  });
  raw.flushHeaders();
  const leave = follow({
    write(text) {
      raw.write(text);
      return raw.writableLength;
    },
    end: () => raw.end(),
    cut: () => raw.destroy(),
  });
  raw.once("close", leave);
}
