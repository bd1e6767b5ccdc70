import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { dial, isAllowed } from "./addresses.ts";
import { AddressRefused } from "./errors.ts";

const never = [
  "0.0.0.0",
  "0.1.2.3",
  "169.254.169.254",
  "100.100.100.200",
  "192.0.0.192",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "fe80::1",
  "ff02::1",
  "fd00:ec2::254",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "0:0:0:0:0:ffff:a9fe:a9fe",
  "64:ff9b::169.254.169.254",
];
const loopback = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"];

test("S06: metadata, link-local, multicast and unspecified addresses are never allowed, in any form", () => {
  for (const address of never) assert.equal(isAllowed(address, true), false, address);
});

test("S06: loopback is allowed only where the server says so, in any form", () => {
  for (const address of loopback) {
    assert.equal(isAllowed(address, false), false, address);
    assert.equal(isAllowed(address, true), true, address);
  }
});

test("private and public addresses are allowed", () => {
  for (const address of ["10.0.0.1", "192.168.1.1", "172.16.0.1", "8.8.8.8", "fd12::1", "2001:db8::1"]) {
    assert.equal(isAllowed(address, false), true, address);
  }
});

const signal = () => AbortSignal.timeout(5_000);

test("S06: numbers that spell a loopback address are resolved before they are checked", async () => {
  for (const host of ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"]) {
    await assert.rejects(dial(host, 9, false, signal()), (error: Error & { code?: string }) => {
      assert.ok(
        error instanceof AddressRefused || error.code === "ENOTFOUND" || error.code === "EAI_AGAIN",
        `${host}: ${error}`,
      );
      return true;
    });
  }
});

test("a host that is no name is refused", async () => {
  for (const host of ["/var/run/postgresql", "a b", "a\0b", "", "user@host", "[::1]"]) {
    await assert.rejects(dial(host, 5432, true, signal()), AddressRefused, host);
  }
});

test("an allowed address is connected to, and a refused connection keeps its code", async () => {
  const server = createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
  await new Promise((settle) => server.once("listening", settle));
  const { port } = server.address() as { port: number };
  const socket = await dial("127.0.0.1", port, true, signal());
  assert.equal(String((await socket.toArray()).join("")), "hello");
  await new Promise((settle) => server.close(settle));
  await assert.rejects(dial("127.0.0.1", port, true, signal()), { code: "ECONNREFUSED" });
});

test("an aborted dial ends at once", async () => {
  await assert.rejects(dial("127.0.0.1", 9, true, AbortSignal.abort(new Error("stopped"))), /stopped/);
});
