import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { readSettings } from "./config.ts";
import { checkListening } from "./listen.ts";

const folder = mkdtempSync(join(tmpdir(), "dayfly-test-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("without any setting the server is embedded, on loopback, and cautious", () => {
  const settings = readSettings({});
  assert.equal(settings.host, "127.0.0.1");
  assert.equal(settings.port, undefined);
  assert.equal(settings.databaseUri, undefined);
  assert.equal(settings.minLeaseTtl, 60);
  assert.equal(settings.maxLeases, 10_000);
  for (const name of ["hideRootCredentials", "requireTargetTls", "allowLoopbackTargets", "allowPlainHttp"] as const) {
    assert.equal(settings[name], false, name);
  }
});

test("a setting can be read from a file, but not be given twice", () => {
  const file = join(folder, "uri");
  writeFileSync(file, "postgres://me@db/dayfly\n");
  assert.equal(readSettings({ DB_CONNECTION_URI_FILE: file }).databaseUri, "postgres://me@db/dayfly");
  assert.throws(() => readSettings({ DB_CONNECTION_URI_FILE: file, DB_CONNECTION_URI: "postgres://x/y" }), /not both/);
  assert.throws(
    () => readSettings({ DB_CONNECTION_URI_FILE: join(folder, "none") }),
    /cannot read the file \(ENOENT\)/,
  );
});

test("key material is gone from the environment once it is read, also when another setting is wrong", () => {
  for (const extra of [{}, { PORT: "x" }]) {
    const env: NodeJS.ProcessEnv = { ENCRYPTION_KEY: "secret", ...extra };
    try {
      readSettings(env);
    } catch {}
    assert.equal(env.ENCRYPTION_KEY, undefined);
  }
  assert.throws(() => readSettings({ ENCRYPTION_KEY: "a", ROOT_ENCRYPTION_KEY: "b" }), /give one of/);
});

test("a webhook has an address that is private on the way, and a secret worth the name", () => {
  const ALERT_WEBHOOK_SECRET = "s".repeat(32);
  for (const ALERT_WEBHOOK_URL of [
    "https://ops.example/hook",
    "http://127.0.0.1:9/",
    "http://[::1]:9/",
    "http://localhost/",
  ]) {
    const { webhook } = readSettings({ ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET });
    assert.equal(webhook!.url, ALERT_WEBHOOK_URL);
    assert.equal(webhook!.secret.export().toString(), ALERT_WEBHOOK_SECRET);
  }
  for (const ALERT_WEBHOOK_URL of ["http://ops.example/canary", "http://localhost.example/canary", "ftp://x/canary"]) {
    const refused = () => readSettings({ ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET });
    assert.throws(refused, (error: Error) => /ALERT_WEBHOOK_URL/.test(error.message) && !/canary/.test(error.message));
  }
  assert.throws(() => readSettings({ ALERT_WEBHOOK_URL: "https://ops.example/" }), /give both or neither/);
  assert.throws(() => readSettings({ ALERT_WEBHOOK_SECRET }), /give both or neither/);
});

test("a shared secret is long, is never repeated, and is gone from the environment once it is read", () => {
  for (const name of ["METRICS_TOKEN", "ALERT_WEBHOOK_SECRET"]) {
    const canary = "canary-canary-canary-canary-cana";
    for (const value of [canary.slice(1), `${canary} ${canary}`, `${canary}\n`]) {
      const env: NodeJS.ProcessEnv = { [name]: value, ALERT_WEBHOOK_URL: "https://ops.example/" };
      const said = (error: Error) => error.message.includes(name) && !error.message.includes("canary");
      assert.throws(() => readSettings(env), said, name);
      assert.equal(env[name], undefined);
      assert.equal(env.ALERT_WEBHOOK_URL, undefined);
    }
  }
  assert.equal(readSettings({ METRICS_TOKEN: "t".repeat(32) }).metricsToken, "t".repeat(32));
});

test("an empty value means not set", () => {
  assert.equal(readSettings({ PORT: "", SITE_URL: "", DB_CONNECTION_URI: "" }).port, undefined);
});

test("a setting that does not exist stops the start, one of another program does not", () => {
  assert.throws(() => readSettings({ DAYFLY_DATADIR: "/x" }), /DAYFLY_DATADIR: there is no such setting/);
  readSettings({ DAYFLY_CACHE: "/x", AWS_REGION: "eu" });
});

test("lengths of time need a unit, numbers their bounds, flags true or false", () => {
  assert.equal(readSettings({ MIN_LEASE_TTL: "1s" }).minLeaseTtl, 1);
  assert.equal(readSettings({ ALLOW_PLAIN_HTTP: "True" }).allowPlainHttp, true);
  assert.deepEqual(readSettings({ TRUSTED_PROXIES: "10.0.0.1, 10.1.0.0/16" }).trustedProxies, [
    "10.0.0.1",
    "10.1.0.0/16",
  ]);
  readSettings({ TRUSTED_PROXIES: "::1,fd00::/8,loopback" });
  for (const proxies of ["proxy.example", "10.0.0.0/33", "10.0.0.0/0", "10.0.0/8", "::1/8/8", "true"]) {
    assert.throws(() => readSettings({ TRUSTED_PROXIES: proxies }), /TRUSTED_PROXIES: must be addresses/, proxies);
  }
  for (const [name, value] of Object.entries({
    MIN_LEASE_TTL: "60",
    MAX_LEASE_LIMIT: "0",
    PORT: "65536",
    ALLOW_PLAIN_HTTP: "yes",
    DB_CONNECTION_URI: "mysql://x/y",
    TLS_CERT_FILE: "only-one",
  })) {
    assert.throws(() => readSettings({ [name]: value }), new RegExp(name), name);
  }
});

describe("plain HTTP", () => {
  const at = (host: string, more = {}) => ({ host, tls: undefined, allowPlainHttp: false, ...more });

  test("is fine on loopback", () => {
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost"]) checkListening(at(host));
  });

  test("beyond loopback needs TLS or the explicit flag (S24)", () => {
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", "localhost.example.org"]) {
      assert.throws(() => checkListening(at(host)), /ALLOW_PLAIN_HTTP/, host);
      checkListening(at(host, { allowPlainHttp: true }));
      checkListening(at(host, { tls: { certFile: "c", keyFile: "k" } }));
    }
  });
});
