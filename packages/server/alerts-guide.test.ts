/** The receiver that the guide prints, run as it stands there. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { alertKinds, alerts } from "@dayfly/store";
import { until } from "./testing/moments.ts";
import { testServer } from "./testing/server.ts";

const guide = readFileSync(new URL("../../docs/guides/alerts.md", import.meta.url), "utf8");

test("the guide's receiver takes what a server sends, once, and nothing that is altered, old or unsigned", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dayfly-test-receiver-"));
  const secret = randomBytes(32).toString("hex");
  const file = join(folder, "receiver.mjs");
  writeFileSync(file, /```js\n([\s\S]*?)```/.exec(guide)![1]!);
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH, PORT: "0", ALERT_WEBHOOK_SECRET: secret },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  try {
    await until(async () => printed.includes("listening on"));
    const url = `http://127.0.0.1:${/listening on (\d+)/.exec(printed)![1]}/`;
    const server = await testServer({ ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret });
    const { store } = server.running;
    try {
      await store.transaction((tx) =>
        alerts.raise(tx, { kind: "target.down", target: { address: "db.example:5432" } }),
      );
      await until(async () => printed.includes("target.down  db.example:5432"));
      await until(async () => (await alerts.waiting(store)) === 0);
    } finally {
      await server.stop();
    }

    const now = Math.floor(Date.now() / 1000);
    const send = async (change: { body?: string; at?: number; signature?: string } = {}) => {
      const { body = '{"id":"1","at":"now","kind":"target.up"}', at = now } = change;
      const mac = createHmac("sha256", secret).update(`${at}.{"id":"1","at":"now","kind":"target.up"}`).digest("hex");
      const headers = { "dayfly-timestamp": String(at), "dayfly-signature": change.signature ?? `v1=${mac}` };
      return (await fetch(url, { method: "POST", headers, body })).status;
    };
    assert.equal(await send({ body: '{"id":"1","at":"now","kind":"target.down"}' }), 401);
    assert.equal(await send({ at: now - 301 }), 401);
    for (const signature of ["", "v1=", "v1=00"]) assert.equal(await send({ signature }), 401);
    assert.equal(await send(), 204);
    assert.equal(await send(), 204);
    await until(async () => printed.includes("target.up"));
    assert.equal(printed.match(/target\.up/g)!.length, 1);
  } finally {
    child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the guide says of every kind what it means", () => {
  const listed = [...guide.matchAll(/^\| `([a-z.-]+)` \|/gm)].map(([, name]) => name!);
  assert.deepEqual(listed.filter((name) => !name.startsWith("dayfly-")).sort(), [...alertKinds].sort());
});
