import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { makeCertificate } from "../../../../scripts/servers/tls.ts";
import type { Net, TargetError } from "../../index.ts";
import { loopback, SEED } from "../../testing/orders.ts";
import { type Rogue, startRogue } from "../../testing/rogue.ts";
import { thrown } from "../../testing/test-target.ts";
import target from "../index.ts";

const PASSWORD = "Admin-Secret-4711";
const [good, wrongHost, expired, selfSigned] = await Promise.all([
  makeCertificate(),
  makeCertificate("wrong-host"),
  makeCertificate("expired"),
  makeCertificate("self-signed"),
]);

/** Connects to a rogue and tells how that failed, and what the rogue has heard. */
async function meet(rogue: Rogue, change: Record<string, unknown> = {}, net: Net = loopback()) {
  const server = await startRogue(rogue);
  const inputs = {
    client: "postgres",
    host: "127.0.0.1",
    port: server.port,
    database: "orders",
    username: "admin",
    password: PASSWORD,
  };
  const config = target.config.parse({ ...inputs, ...SEED, ...change });
  try {
    const error = (await thrown(target.connect(config, net))) as TargetError;
    return { error, heard: server.heard(), shown: inspect(error, { depth: 20, showHidden: true }) };
  } finally {
    await server.stop();
  }
}

const md5 = (text: string) => createHash("md5").update(text).digest();
const hashed = `md5${createHash("md5")
  .update(md5(`${PASSWORD}admin`).toString("hex"))
  .update(Buffer.from([1, 2, 3, 4]))
  .digest("hex")}`;

describe("a rogue server never gets the admin password", () => {
  const rogues: [string, Rogue, Record<string, unknown>, "tls" | "reach", RegExp][] = [
    [
      "asks for clear text without TLS",
      { tls: "N", asks: "clear text" },
      {},
      "tls",
      /asks for the password as clear text .*it was not sent/,
    ],
    [
      "asks for MD5 without TLS",
      { tls: "N", asks: "MD5" },
      {},
      "tls",
      /asks for the password as MD5 .*it was not sent/,
    ],
    [
      "asks for clear text where TLS is switched off",
      { tls: "N", asks: "clear text" },
      { sslEnabled: false },
      "tls",
      /as clear text/,
    ],
    [
      "asks for clear text over TLS that nobody checked",
      { tls: "S", certificate: good, asks: "clear text" },
      { sslRejectUnauthorized: false },
      "tls",
      /as clear text/,
    ],
    [
      "has no TLS where it is demanded",
      { tls: "N", asks: "SCRAM" },
      { sslEnabled: true },
      "tls",
      /does not speak TLS, and `sslEnabled` asks for it/,
    ],
    [
      "has a self-signed certificate",
      { tls: "S", certificate: selfSigned, asks: "clear text" },
      {},
      "tls",
      /self-signed/,
    ],
    [
      "has a certificate for another host",
      { tls: "S", certificate: wrongHost, asks: "clear text" },
      { ca: wrongHost.ca },
      "tls",
      /for another host name/,
    ],
    [
      "has an expired certificate",
      { tls: "S", certificate: expired, asks: "clear text" },
      { ca: expired.ca },
      "tls",
      /has expired/,
    ],
    [
      "has a certificate of another authority",
      { tls: "S", certificate: good, asks: "clear text" },
      { ca: wrongHost.ca },
      "tls",
      /authority that is not trusted/,
    ],
    [
      "slips something in before encryption",
      { tls: "S and more", certificate: good, asks: "clear text" },
      { ca: good.ca },
      "reach",
      /no PostgreSQL server/,
    ],
    [
      "answers the request for TLS with an error",
      { tls: "E", asks: "clear text" },
      {},
      "reach",
      /no PostgreSQL server/,
    ],
  ];
  for (const [title, rogue, change, step, message] of rogues) {
    test(`that ${title}`, async () => {
      const { error, heard, shown } = await meet(rogue, change);
      assert.match(error.message, message);
      assert.equal(error.step, step);
      for (const text of [heard, shown]) for (const secret of [PASSWORD, hashed]) assert.ok(!text.includes(secret));
    });
  }

  test("and the same rogue gets it when it proves who it is", async () => {
    const { heard } = await meet({ tls: "S", certificate: good, asks: "clear text" }, { ca: good.ca });
    assert.ok(heard.includes(PASSWORD));
    const { heard: digest } = await meet({ tls: "S", certificate: good, asks: "MD5" }, { ca: good.ca });
    assert.ok(digest.includes(hashed));
  });

  test("and plain lines are refused where the server demands TLS of every target", async () => {
    const net = { ...loopback(), requireTls: true };
    const { error } = await meet({ tls: "N", asks: "SCRAM" }, {}, net);
    assert.match(error.message, /REQUIRE_TARGET_TLS asks for it/);
    const off = await meet({ tls: "N", asks: "SCRAM" }, { sslEnabled: false }, net);
    assert.match(off.error.message, /switched off in this config, and REQUIRE_TARGET_TLS/);
  });

  test("and one that never answers is given up, by abort at once", async () => {
    const stop = new AbortController();
    setImmediate(() => stop.abort());
    const { error } = await meet({ tls: "nothing", asks: "SCRAM" }, {}, loopback(stop.signal));
    assert.match(error.message, /no answer in time/);
    assert.equal(error.errorClass, "unreachable");
  });
});
