/** TLS at the door, and whose address a request is taken to come from. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fastify from "fastify";
import { makeCertificate } from "../../scripts/servers/tls.ts";
import { type Running, readSettings, startServer } from "./index.ts";
import { listen, readTls } from "./listen.ts";
import { auditOf } from "./testing/server.ts";

const folder = mkdtempSync(join(tmpdir(), "dayfly-test-tls-"));
let running: Running;
let ca: string;
before(async () => {
  const made = await makeCertificate();
  ca = made.ca;
  writeFileSync(join(folder, "cert.pem"), made.cert);
  writeFileSync(join(folder, "key.pem"), made.key, { mode: 0o600 });
  running = await startServer(
    readSettings({
      PORT: "0",
      LOG_LEVEL: "silent",
      DAYFLY_DATA_DIR: join(folder, "data"),
      TLS_CERT_FILE: join(folder, "cert.pem"),
      TLS_KEY_FILE: join(folder, "key.pem"),
      TRUSTED_PROXIES: "127.0.0.1",
    }),
  );
});
after(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function get(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const { port } = new URL(running.url);
  const asked = request({ host: "127.0.0.1", port, path, ca, agent: false, headers });
  asked.end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return answer;
}

test("with TLS the URL is https and every answer tells browsers to stay there", async () => {
  assert.match(running.url, /^https:/);
  for (const path of ["/api/status", "/nothing", "/api/v1/projects"]) {
    assert.match((await get(path)).headers["strict-transport-security"] ?? "", /max-age=31536000/);
  }
});

test("a certificate or key that is missing or no pair is a wrong setting, said in words", () => {
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  assert.throws(() => readTls({ certFile: join(folder, "none"), keyFile }), /TLS_CERT_FILE: cannot read .*ENOENT/);
  assert.throws(() => readTls({ certFile, keyFile: join(folder, "none") }), /TLS_KEY_FILE: cannot read .*ENOENT/);
  const wrong = { name: "BadSettings", message: /not a certificate in PEM and the key to it/ };
  assert.throws(() => readTls({ certFile: keyFile, keyFile: certFile }), wrong);
});

test("an address that cannot be listened on is a wrong setting, said in words", async () => {
  const settings = { host: "192.0.2.1", port: 0, tls: undefined, siteUrl: undefined };
  await assert.rejects(listen(fastify(), settings), { name: "BadSettings", message: /HOST=192\.0\.2\.1/ });
});

test("behind a trusted proxy the forwarded address counts, and only the part the proxy added", async () => {
  const forwarded = { "x-request-id": "forwarded", "x-forwarded-for": "198.51.100.1, 203.0.113.9" };
  await get("/nothing", forwarded);
  const rows = await auditOf(running.store, "forwarded");
  assert.deepEqual(
    rows.map(({ ip }) => ip),
    ["203.0.113.9"],
  );
});
