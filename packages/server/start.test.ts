/** Starting and stopping, as processes and as one. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { openStore, type Store } from "@dayfly/store";
import { type PostgresServer, postgres18 } from "../../scripts/servers/postgres.ts";
import { bootstrap } from "./bootstrap.ts";
import { readSettings, startServer } from "./index.ts";
import { readRootKey } from "./root-key.ts";
import { until } from "./testing/moments.ts";

const folder = mkdtempSync(join(tmpdir(), "dayfly-test-start-"));
const children: ChildProcess[] = [];
let postgres: PostgresServer;
let uri: string;
before(async () => {
  postgres = await postgres18();
  uri = `postgres://postgres:${postgres.password}@127.0.0.1:${postgres.port}/${postgres.database}`;
});
after(async () => {
  for (const child of children) child.kill("SIGKILL");
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ROOT_KEY = createHash("sha256").update("the right one").digest("base64");
const OTHER_KEY = createHash("sha256").update("another one").digest("base64");

/** The store as the server has it, for looking in. */
function look(database = postgres.database): Promise<Store> {
  const { host, port, user, password } = postgres;
  return openStore({ connection: { host, port, user, password, database }, rootKey: readRootKey(ROOT_KEY) });
}

interface Ran {
  child: ChildProcess;
  output: () => string;
  exit: Promise<number | null>;
}

function run(env: Record<string, string>): Ran {
  const main = fileURLToPath(new URL("./serve.mjs", import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, PORT: "0", DB_CONNECTION_URI: uri, DAYFLY_DATA_DIR: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  return { child, output: () => output, exit: once(child, "exit").then(([code]) => code) };
}

async function ready({ output, child }: Ran): Promise<string> {
  const end = Date.now() + 20_000;
  for (;;) {
    const url = /"url":"([^"]+)","msg":"ready"/.exec(output())?.[1];
    if (url !== undefined) return url.replace("localhost", "127.0.0.1");
    if (Date.now() > end || child.exitCode !== null) throw new Error(`did not start: ${output()}`);
    await new Promise((settle) => setTimeout(settle, 20));
  }
}

/** Everything in the database, as one digest. */
async function digest(): Promise<string> {
  const { pool, close } = await look();
  const hash = createHash("sha256");
  const { rows: tables } = await pool.query("select tablename from pg_tables where schemaname = 'public' order by 1");
  for (const { tablename } of tables) {
    const { rows } = await pool.query(`select t::text as text from ${tablename} t order by 1`);
    hash.update(`${tablename}\n${rows.map(({ text }) => text).join("\n")}\n`);
  }
  await close();
  return hash.digest("hex");
}

test("the first start keeps its credentials in a 0600 file, the second makes none", async () => {
  const first = run({ ENCRYPTION_KEY: ROOT_KEY });
  const url = await ready(first);
  const file = join(folder, "bootstrap.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const kept = readFileSync(file, "utf8");
  const { identity, admin } = JSON.parse(kept);
  const login = () =>
    fetch(`${url}/api/v1/auth/universal-auth/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(identity),
    });
  assert.equal((await login()).status, 200);
  first.child.kill("SIGTERM");
  assert.equal(await first.exit, 0);
  assert.ok(!first.output().includes(admin.password) && !first.output().includes(identity.clientSecret));
  assert.ok(!first.output().includes(ROOT_KEY));
  const second = run({ ENCRYPTION_KEY: ROOT_KEY });
  const now = await ready(second);
  // The address is where it listens now; the rest is as it was.
  const { url: address, ...rest } = JSON.parse(readFileSync(file, "utf8"));
  const { url: _, ...before } = JSON.parse(kept);
  assert.equal(new URL(address).port, new URL(now).port);
  assert.ok(isDeepStrictEqual(rest, before), "the credentials of the first start are kept");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  second.child.kill("SIGINT");
  assert.equal(await second.exit, 0);
});

test("K04: with a wrong, missing, short, zero or sample root key it does not start and changes nothing", async () => {
  const was = await digest();
  const keys = {
    wrong: { ENCRYPTION_KEY: OTHER_KEY },
    missing: {},
    short: { ENCRYPTION_KEY: "c2hvcnQ=" },
    zero: { ROOT_ENCRYPTION_KEY: "0".repeat(64) },
    sample: { ENCRYPTION_KEY: "6c1fe4e407b8911c104518103505b218" },
  };
  const runs = Object.entries(keys).map(async ([what, env]) => {
    const { exit, output } = run(env);
    assert.equal(await exit, 1, `${what}: ${output()}`);
    assert.match(output(), /^dayfly: (the|there is no) root key/, what);
    assert.ok(!output().includes(OTHER_KEY));
  });
  await Promise.all(runs);
  assert.equal(await digest(), was);
  assert.ok(!existsSync(join(folder, "root.key")), "no key is made over rows that are there");
});

test("a database that cannot be reached is said in words", async () => {
  const { exit, output } = run({
    ENCRYPTION_KEY: ROOT_KEY,
    DB_CONNECTION_URI: "postgres://me:canary@127.0.0.1:1/none",
  });
  assert.equal(await exit, 1);
  assert.match(output(), /^dayfly: the database cannot be reached \(ECONNREFUSED\)/);
  assert.ok(!output().includes("canary"));
});

test("settings that cannot be are all named at once, without their values", async () => {
  const { exit, output } = run({ PORT: "many", MIN_LEASE_TTL: "90", DAYFLY_DATA: "/tmp", TLS_CERT_FILE: "/x" });
  assert.equal(await exit, 1);
  for (const name of ["PORT", "MIN_LEASE_TTL", "DAYFLY_DATA", "TLS_CERT_FILE"])
    assert.match(output(), new RegExp(name));
  assert.ok(!output().includes("many"));
});

test("a request under way when the signal comes is still answered", async () => {
  const running = run({ ENCRYPTION_KEY: ROOT_KEY });
  const url = await ready(running);
  // The server waits for the rest of this body while it drains.
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk;
  });
  const body = JSON.stringify({ clientId: "someone", clientSecret: "wrong" });
  socket.write(
    "POST /api/v1/auth/universal-auth/login HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n" +
      `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
  );
  await new Promise<void>((settle) => socket.once("connect", settle));
  const probe = await fetch(`${url}/readyz`);
  assert.equal(probe.status, 200);
  running.child.kill("SIGTERM");
  await until(() =>
    fetch(`${url}/readyz`).then(
      () => false,
      () => true,
    ),
  );
  socket.write(body.slice(10));
  await once(socket, "close");
  assert.match(heard, /^HTTP\/1\.1 401 /);
  assert.equal(await running.exit, 0);
});

test("of 20 first starts at once exactly one makes the first user (S24)", async () => {
  const first = await look();
  await first.pool.query("create database fresh");
  await first.close();
  const store = await look("fresh");
  const dataDir = mkdtempSync(join(folder, "race-"));
  try {
    const made = await Promise.all(Array.from({ length: 20 }, () => bootstrap(store, dataDir, "http://localhost")));
    const winners = made.filter((one) => one !== null);
    assert.equal(winners.length, 1);
    assert.deepEqual(JSON.parse(readFileSync(join(dataDir, "bootstrap.json"), "utf8")), winners[0]);
  } finally {
    await store.close();
  }
});

test("what had been started is stopped again when a later part fails", async () => {
  const dataDir = mkdtempSync(join(folder, "taken-"));
  const running = await startServer(readSettings(env(dataDir, "0")));
  try {
    const { port } = new URL(running.url);
    const other = mkdtempSync(join(folder, "second-"));
    await assert.rejects(startServer(readSettings(env(other, port))), /port \d+ is in use/);
    // Its embedded database is gone with it: the folder can be used again at once.
    const again = await startServer(readSettings(env(other, "0")));
    await again.stop();
  } finally {
    await running.stop();
  }
});

function env(dataDir: string, port: string): Record<string, string> {
  return { DAYFLY_DATA_DIR: dataDir, PORT: port, LOG_LEVEL: "silent" };
}
