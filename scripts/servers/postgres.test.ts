import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { isLive, until } from "../../packages/store/embedded/process.ts";
import { cached } from "./cache.ts";
import { debian } from "./debian.ts";
import { postgres15, postgres18, psql } from "./postgres.ts";

const run = promisify(execFile);

async function ask(config: pg.ClientConfig, sql: string): Promise<unknown[]> {
  const client = new pg.Client(config);
  client.on("error", () => {});
  try {
    await client.connect();
    return (await client.query({ text: sql, rowMode: "array" })).rows[0]!;
  } finally {
    await client.end();
  }
}

test("PostgreSQL 18 is there for its superuser, with the settings asked for, and gone after stop", async (t) => {
  const server = await postgres18({ settings: { max_connections: "33" } });
  t.after(() => server.stop());
  assert.deepEqual(await ask(server, "show max_connections"), ["33"]);
  assert.match(String(await ask(server, "select version()")), /PostgreSQL 18/);
  await server.stop();
  await assert.rejects(ask(server, "select 1"), /ECONNREFUSED/);
});

test("PostgreSQL 15 and psql come from Debian's packages, unpacked", async (t) => {
  const server = await postgres15();
  t.after(() => server.stop());
  assert.equal(server.ca, null);
  assert.match(String(await ask(server, "select version()")), /PostgreSQL 15/);
  const { path, env } = await psql();
  const where = { PGHOST: server.host, PGPORT: String(server.port), PGUSER: server.user, PGPASSWORD: server.password };
  const { stdout } = await run(path, ["-d", "postgres", "-Atc", "select 6 * 7"], { env: { ...env, ...where } });
  assert.equal(stdout, "42\n");
});

test("with TLS the server's certificate is right, or wrong in the way asked for", async () => {
  const outcomes = { none: undefined, "wrong-host": "ERR_TLS_CERT_ALTNAME_INVALID", expired: "CERT_HAS_EXPIRED" };
  for (const [flaw, code] of Object.entries(outcomes)) {
    const server = await postgres15({ tls: flaw as keyof typeof outcomes });
    const said = ask(
      { ...server, ssl: { ca: server.ca! } },
      "select ssl from pg_stat_ssl where pid = pg_backend_pid()",
    );
    if (code) await assert.rejects(said, { code });
    else assert.deepEqual(await said, [true]);
    await assert.rejects(
      ask({ ...server, ssl: true }, "select 1"),
      /certificate/,
      "a stranger's authority is not trusted",
    );
    await server.stop();
  }
});

/** Runs a script that starts a server and says its data folder, its pid. */
async function runner(end: string) {
  const script = `
    import { postgres18 } from ${JSON.stringify(new URL("./postgres.ts", import.meta.url).href)};
    import pg from "pg";
    const server = await postgres18();
    const client = new pg.Client(server);
    client.on("error", () => {});
    await client.connect();
    const { rows } = await client.query("select pg_read_file('postmaster.pid') as pid");
    console.log(rows[0].pid.split("\\n")[0]);
    ${end}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exit = once(child, "exit");
  const [said] = await once(child.stdout!, "data");
  return { child, exit, pid: Number(said) };
}

test("a test that crashes, or is ended by a signal, leaves no server behind", async () => {
  const crashed = await runner("throw new Error('the test crashes')");
  await crashed.exit;
  assert.ok(await until(() => !isLive(crashed.pid), 10_000));
  const ended = await runner("setInterval(() => {}, 60_000)");
  assert.ok(isLive(ended.pid));
  ended.child.kill("SIGTERM");
  await ended.exit;
  assert.ok(await until(() => !isLive(ended.pid), 10_000));
});

test("what a killed test left is ended and removed by the next, and nothing else is", async (t) => {
  const mine = await postgres18();
  t.after(() => mine.stop());
  const killed = await runner("setInterval(() => {}, 60_000)");
  killed.child.kill("SIGKILL");
  await killed.exit;
  assert.ok(isLive(killed.pid));
  const stranger = mkdtempSync(join(tmpdir(), "dayfly-test-stranger-"));
  t.after(() => rmSync(stranger, { recursive: true }));
  const next = await postgres18();
  t.after(() => next.stop());
  assert.equal(isLive(killed.pid), false);
  assert.ok(existsSync(stranger), "a folder that names no owner is left alone");
  assert.deepEqual(await ask(mine, "select 1"), [1]);
  const owners = readdirSync(tmpdir()).filter((name) => name.startsWith("dayfly-test-postgres18-"));
  for (const name of owners) {
    const owner = readFileSync(join(tmpdir(), name, "owner"), "utf8").split(" ")[0];
    assert.notEqual(owner, String(killed.child.pid));
  }
});

test("the cache is filled beside and renamed when whole: a fill that fails leaves nothing", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dayfly-cache-"));
  const before = process.env.DAYFLY_CACHE;
  process.env.DAYFLY_CACHE = folder;
  t.after(() => {
    if (before === undefined) delete process.env.DAYFLY_CACHE;
    else process.env.DAYFLY_CACHE = before;
    rmSync(folder, { recursive: true });
  });
  const failing = cached("thing", async (into) => {
    writeFileSync(join(into, "half"), "");
    throw new Error("the download broke off");
  });
  await assert.rejects(failing, /broke off/);
  assert.deepEqual(readdirSync(join(folder, "thing")), []);
  const fill = async (into: string) => {
    mkdirSync(join(into, "sub"));
    writeFileSync(join(into, "sub/file"), "whole");
    return "1.10";
  };
  const both = await Promise.all([cached("thing", fill), cached("thing", fill)]);
  assert.equal(both[0].path, both[1].path);
  assert.equal(readFileSync(join(both[0].path, "sub/file"), "utf8"), "whole");
  const again = await cached("thing", () => assert.fail("it is there"));
  assert.equal(again.version, "1.10");
  assert.deepEqual(readdirSync(join(folder, "thing")).length, 1);

  const missing = debian("nothing", { packages: ["dayfly-no-such-package"], programs: [] });
  await assert.rejects(missing, /dayfly-no-such-package cannot be downloaded from Debian.*apt/s);
});
