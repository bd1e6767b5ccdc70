import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { STORE_UID, TARGET_UID } from "./account.ts";
import { startEmbedded } from "./index.ts";
import { freePort } from "./port.ts";
import { isLive } from "./process.ts";
import { ask } from "./testing/ask.ts";
import { startParent } from "./testing/parents.ts";
import { makeRoom, rootTest } from "./testing/room.ts";

const target = { port: 0, superuserPassword: "a'b\\c", fsync: false };

test("a second start finds everything, and stop waits until the server is gone", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  const first = await startEmbedded({ dataDir });
  await ask(first.connection, "create table kept as select 42 as answer");
  await first.stop();
  assert.equal(isLive(first.pid), false);
  assert.equal(existsSync(join(dataDir, "postmaster.pid")), false);
  assert.equal(existsSync(first.connection.host!), false, "the socket folder is gone too");
  await first.stop(); // stopping twice is fine

  const second = await startEmbedded({ dataDir });
  assert.equal(second.adopted, false);
  assert.equal(await ask(second.connection, "select answer from kept"), "42");
  await second.stop();
});

test("the store listens on a socket alone, in a short folder that nobody else can enter", async (t) => {
  const store = await startEmbedded({ dataDir: join(await makeRoom(t), "store") });
  t.after(() => store.stop());
  const folder = statSync(store.connection.host!);
  assert.equal(folder.mode & 0o777, 0o700);
  assert.ok(store.connection.host!.length < 30);
  assert.equal(await ask(store.connection, "show listen_addresses"), "");
  assert.equal(await ask(store.connection, "show data_checksums"), "on");
  assert.equal(await ask(store.connection, "show server_encoding"), "UTF8");
  assert.equal(await ask(store.connection, "select datcollate from pg_database where datname = 'postgres'"), "C");
  const rules = "select string_agg(type || ' ' || auth_method, ',') from pg_hba_file_rules";
  assert.equal(await ask(store.connection, rules), "local peer");
  assert.match(store.version, /^18\./);
});

rootTest("another user of the machine is not the superuser", async (t) => {
  const store = await startEmbedded({ dataDir: join(await makeRoom(t), "store") });
  t.after(() => store.stop());
  // Let it pass the folder: then it is still the kernel's word on who comes that counts.
  execFileSync("chmod", ["-R", "0777", store.connection.host!]);
  const script = `
    const { connect } = require("node:net");
    process.setgid(1);
    process.setuid(1);
    const socket = connect(${JSON.stringify(`${store.connection.host}/.s.PGSQL.5432`)});
    const words = Buffer.from("user\\0dayfly\\0database\\0postgres\\0\\0");
    const head = Buffer.alloc(8); head.writeInt32BE(words.length + 8); head.writeInt32BE(196608, 4);
    socket.write(Buffer.concat([head, words]));
    socket.on("data", (data) => { console.log(data.toString("latin1")); socket.destroy(); });`;
  const answer = execFileSync(process.execPath, ["-e", script], { encoding: "latin1" });
  assert.match(answer, /^E.*peer authentication failed/i);
});

test("a target listens at loopback by password, and keeps its port", async (t) => {
  const dataDir = join(await makeRoom(t), "target");
  const first = await startEmbedded({ dataDir, as: target });
  const { port } = first.connection;
  assert.equal(await ask(first.connection, "select current_user"), "postgres");
  await assert.rejects(ask({ ...first.connection, password: "wrong" }, "select 1"), /password authentication failed/);
  assert.equal(await ask(first.connection, "show listen_addresses"), "127.0.0.1");
  await first.stop();

  const second = await startEmbedded({ dataDir, as: { ...target, superuserPassword: "another" } });
  t.after(() => second.stop());
  assert.equal(second.connection.port, port);
  await assert.rejects(ask({ ...second.connection, password: target.superuserPassword }, "select 1"), /authentication/);
  assert.equal(await ask(second.connection, "select 1"), "1");
});

test("a target whose kept port was taken gets another", async (t) => {
  const dataDir = join(await makeRoom(t), "target");
  const first = await startEmbedded({ dataDir, as: target });
  await first.stop();
  const squatter = createServer().listen(first.connection.port, "127.0.0.1");
  t.after(() => squatter.close());
  const second = await startEmbedded({ dataDir, as: target });
  assert.notEqual(second.connection.port, first.connection.port);
  await second.stop();
});

test("a target starts on the port it was given, and says so when that is taken", async (t) => {
  const dataDir = join(await makeRoom(t), "target");
  const port = (await freePort(0))!;
  const given = await startEmbedded({ dataDir, as: { ...target, port } });
  assert.equal(given.connection.port, port);
  t.after(() => given.stop());
  const other = join(await makeRoom(t), "other");
  await assert.rejects(startEmbedded({ dataDir: other, as: { ...target, port } }), /Address already in use/);
});

test("neither password nor environment nor statements reach the server's arguments, environment or log", async (t) => {
  const dataDir = join(await makeRoom(t), "target");
  process.env.CANARY = "canary-in-environment";
  t.after(() => delete process.env.CANARY);
  const canary = { ...target, superuserPassword: "canary-password" };
  const server = await startEmbedded({ dataDir, as: canary });
  t.after(() => server.stop());
  await assert.rejects(ask(server.connection, "select 'canary-statement' from nowhere"), /nowhere/);
  const seen = ["cmdline", "environ"].map((name) => readFileSync(`/proc/${server.pid}/${name}`, "utf8")).join();
  assert.match(seen, /listen_addresses=127\.0\.0\.1/);
  assert.doesNotMatch(seen, /canary/);
  const log = readFileSync(join(dataDir, "server.log"), "utf8");
  assert.match(log, /nowhere/);
  assert.doesNotMatch(log, /canary/);
});

rootTest("under a 0700 folder of root, servers run as two unprivileged uids", async (t) => {
  const room = await makeRoom(t);
  assert.equal(statSync(room).mode & 0o777, 0o700);
  const store = await startEmbedded({ dataDir: join(room, "store") });
  t.after(() => store.stop());
  const demo = await startEmbedded({ dataDir: join(room, "demo"), as: target });
  t.after(() => demo.stop());
  for (const [server, uid, name] of [
    [store, STORE_UID, "store"],
    [demo, TARGET_UID, "demo"],
  ] as const) {
    const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
    assert.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, "m"));
    assert.match(status, new RegExp(`^Gid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, "m"));
    assert.match(status, /^Groups:\s*$/m, "none of root's groups");
    assert.match(status, /^CapEff:\t0+$/m);
    assert.equal(statSync(join(room, name)).mode & 0o777, 0o700);
    assert.match(readlinkSync(`/proc/${server.pid}/exe`), /^\/var\/cache\/dayfly\/18\.4\.0/);
  }
});

rootTest("a cluster made under one uid keeps it", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  await (await startEmbedded({ dataDir, uid: 65530 })).stop();
  const again = await startEmbedded({ dataDir });
  t.after(() => again.stop());
  assert.match(readFileSync(`/proc/${again.pid}/status`, "utf8"), /^Uid:\t65530\t/m);
});

rootTest("root that may not change uid is told so, and of DB_CONNECTION_URI", async (t) => {
  const room = await makeRoom(t);
  for (const missing of ["-setuid", "-setgid", "-chown"]) {
    const wrap = ["setpriv", "--bounding-set", missing, "--inh-caps", missing];
    const parent = await startParent(t, { dataDir: join(room, missing) }, { wrap });
    assert.equal(parent.said.name, "CannotRunHere", parent.said.message);
    assert.match(parent.said.message!, /may not change to another uid.*DB_CONNECTION_URI=/s);
    assert.equal(existsSync(join(room, missing)), false);
  }
});
