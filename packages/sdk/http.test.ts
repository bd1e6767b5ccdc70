import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { httpFetch, NotSent } from "./http.ts";
import { startTold } from "./testing/server.ts";

const get = { method: "GET", headers: {}, redirect: "error" } as const;

test("what could not be connected to was not sent", async () => {
  const server = await startTold(() => ({}));
  await server.stop();
  await assert.rejects(httpFetch(server.url, get), NotSent);
});

test("a handshake that fails was not sent", async (t) => {
  const server = await startTold(() => ({}));
  t.after(() => server.stop());
  await assert.rejects(httpFetch(server.url.replace("http:", "https:"), get), NotSent);
  assert.equal(server.asked.length, 0);
});

test("what was sent over a connection that is then cut may have been seen", async (t) => {
  const server = await startTold(() => "cut");
  t.after(() => server.stop());
  await assert.rejects(httpFetch(server.url, get), (error) => !(error instanceof NotSent));
});

test("a connection that was kept and is cut on its second use may have been seen too", async (t) => {
  const server = await startTold((_, count) => (count === 1 ? {} : "cut"));
  t.after(() => server.stop());
  await httpFetch(server.url, get);
  await assert.rejects(httpFetch(server.url, get), (error) => !(error instanceof NotSent));
});

test("an answer that stops half way is an error and not a short answer", async (t) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
      setImmediate(() => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  await assert.rejects(httpFetch(`http://127.0.0.1:${port}`, get));
});
