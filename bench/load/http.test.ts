import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, test } from "node:test";
import { kindOf } from "./driver.ts";
import { Line } from "./http.ts";

/** What the next requests are answered with, each in the parts given. */
const answers: (string[] | "cut")[] = [];
const requests: string[] = [];
let connections = 0;
const server = createServer((socket: Socket) => {
  connections += 1;
  socket.on("data", async (request) => {
    requests.push(String(request));
    const parts = answers.shift()!;
    if (parts === "cut") return socket.destroy();
    for (const part of parts) {
      socket.write(part);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
});
await once(server.listen(0, "127.0.0.1"), "listening");
const line = new Line(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { authorization: "Bearer x" });
after(() => {
  line.close();
  server.close();
});

test("an answer in pieces is one answer, and the connection is used again", async () => {
  answers.push(["HTTP/1.1 200 OK\r\nContent-Le", 'ngth: 13\r\n\r\n{"a":', '"ü ok"}']);
  answers.push(["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"]);
  assert.equal(await line.ok("POST", "/a", { name: "ü" }), '{"a":"ü ok"}');
  assert.match(requests[0]!, /^POST \/a HTTP\/1.1\r\n.*authorization: Bearer x\r\n.*content-length: 13\r\n\r\n/s);
  assert.equal(await line.ok("DELETE", "/b", {}), "{}");
  assert.equal(connections, 1);
});

test("anything but 200 is an error of its own kind", async () => {
  const body = '{"statusCode":503,"error":"RevocationPending"}';
  answers.push([`HTTP/1.1 503 no\r\ncontent-length: ${body.length}\r\n\r\n${body}`]);
  await assert.rejects(line.ok("DELETE", "/c", {}), (error) => kindOf(error) === "503 RevocationPending");
});

test("a connection that was cut is an error, and the next request opens another", async () => {
  answers.push("cut", ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"]);
  await assert.rejects(line.ok("POST", "/d", {}), { code: "ECONNRESET" });
  assert.equal(await line.ok("POST", "/e", {}), "{}");
  assert.equal(connections, 2);
});
