import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { after, afterEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { cutAfter, startProxy, type TcpProxy } from "./proxy.ts";

/** Answers each chunk with the same chunk, and remembers what came. */
const heard: string[] = [];
const echo = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    heard.push(String(chunk));
    socket.write(chunk);
  });
});
await once(echo.listen(0, "127.0.0.1"), "listening");
after(() => echo.close());
const proxy: TcpProxy = await startProxy({ host: "127.0.0.1", port: (echo.address() as AddressInfo).port });
after(() => proxy.stop());
const clients = new Set<Socket>();
afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  proxy.watch(null);
  await proxy.set("pass");
  heard.length = 0;
});

async function dial(): Promise<Socket> {
  const client = connect({ host: proxy.host, port: proxy.port });
  clients.add(client);
  client.on("error", () => {});
  await once(client, "connect");
  return client;
}

async function answer(client: Socket): Promise<string> {
  const [chunk] = await once(client, "data");
  return String(chunk);
}

/** Whether anything comes back within a moment. */
async function silent(client: Socket): Promise<boolean> {
  return Promise.race([once(client, "data").then(() => false), pause(100).then(() => true)]);
}

async function ending(client: Socket): Promise<string> {
  const [error] = await once(client, "error");
  return (error as NodeJS.ErrnoException).code ?? "";
}

test("what passes comes back untouched and in order", async () => {
  const client = await dial();
  const sent = Buffer.from(Array.from({ length: 400_000 }, (_, at) => at % 251));
  const got: Buffer[] = [];
  client.on("data", (chunk) => got.push(chunk));
  client.end(sent);
  await once(client, "end");
  assert.ok(Buffer.concat(got).equals(sent));
});

test("refused: what was open is cut, nobody listens, and the same port is back afterwards", async () => {
  const open = await dial();
  const { port } = proxy;
  const [end] = await Promise.all([ending(open), proxy.set("refuse")]);
  assert.equal(end, "ECONNRESET");
  await assert.rejects(dial(), { code: "ECONNREFUSED" });
  await proxy.set("pass");
  assert.equal(proxy.port, port);
  const client = await dial();
  client.write("again");
  assert.equal(await answer(client), "again");
});

test("reset: each connection is taken and cut", async () => {
  await proxy.set("reset");
  assert.equal(await dial().then(ending, (error) => error.code), "ECONNRESET");
});

test("a black hole takes connections and moves nothing until the network is back", async () => {
  const before = await dial();
  await proxy.set("black-hole");
  const during = await dial();
  before.write("one");
  during.write("two");
  assert.deepEqual(await Promise.all([silent(before), silent(during)]), [true, true]);
  assert.deepEqual(heard, []);
  await proxy.set("pass");
  assert.deepEqual(await Promise.all([answer(before), answer(during)]), ["one", "two"]);
});

test("half-open: requests arrive, answers do not", async () => {
  const client = await dial();
  await proxy.set("half-open");
  client.write("still here");
  assert.equal(await silent(client), true);
  assert.deepEqual(heard, ["still here"]);
});

test("slow: each answer is late", async () => {
  await proxy.set({ slow: 60 });
  const client = await dial();
  const began = performance.now();
  client.write("late");
  assert.equal(await answer(client), "late");
  assert.ok(performance.now() - began >= 59);
});

test("a line is cut in the midst of a chunk, after so many bytes", async () => {
  proxy.watch(cutAfter(7, "to-server"));
  const client = await dial();
  client.write("four");
  assert.equal(await answer(client), "four");
  const end = ending(client);
  client.write("more");
  assert.equal(await end, "ECONNRESET");
  assert.deepEqual(heard, ["four", "mor"]);
});

test("a hook lets a request through and cuts its answer", async () => {
  proxy.watch((chunk, direction) => (direction === "to-client" && String(chunk) === "commit" ? 0 : "pass"));
  const client = await dial();
  client.write("begin");
  assert.equal(await answer(client), "begin");
  const end = ending(client);
  client.write("commit");
  assert.equal(await end, "ECONNRESET");
  assert.deepEqual(heard, ["begin", "commit"]);
});
