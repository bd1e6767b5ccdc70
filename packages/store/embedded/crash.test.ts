/** What a killed parent, a killed server, or both leave behind, and the next start after it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type pg from "pg";
import { accountFor, identity, STORE_UID } from "./account.ts";
import { startEmbedded } from "./index.ts";
import { isLive, postgresIn, processFacts, until } from "./process.ts";
import { ask } from "./testing/ask.ts";
import { kill9, startParent } from "./testing/parents.ts";
import { makeRoom, rootTest } from "./testing/room.ts";
import { startZombie } from "./testing/zombie.ts";

const accountOf = (dataDir: string) => accountFor(dataDir, STORE_UID);

test("a server whose parent was killed is adopted by its socket, and its stop waits too", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  const parent = await startParent(t, { dataDir });
  await kill9(parent);
  assert.ok(isLive(parent.said.pid), "kill -9 of the parent leaves the server running");

  const adopted = await startEmbedded({ dataDir });
  assert.equal(adopted.adopted, true);
  assert.equal(adopted.pid, parent.said.pid);
  assert.equal(await ask(adopted.connection, "select 1"), "1");
  await adopted.stop();
  assert.equal(isLive(adopted.pid), false);
  assert.equal(existsSync(adopted.connection.host!), false);
});

test("a server whose parent lives is not taken from it", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  const first = await startEmbedded({ dataDir });
  t.after(() => first.stop());
  await assert.rejects(startEmbedded({ dataDir }), { name: "InUseElsewhere" });
  const other = await startParent(t, { dataDir });
  assert.equal(other.said.name, "InUseElsewhere");
  assert.equal(await ask(first.connection, "select 1"), "1");
});

test("an orphan that does not let us in is ended and started anew", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  const parent = await startParent(t, { dataDir });
  await ask(parent.said.connection, "create table kept ()");
  await kill9(parent);
  // As one whose access files name another user than us.
  const { host } = parent.said.connection;
  writeFileSync(join(dataDir, "pg_hba.conf"), "local all all reject\n");
  process.kill(parent.said.pid, "SIGHUP");
  const refused = () =>
    ask({ ...parent.said.connection, host }, "select 1").then(
      () => false,
      () => true,
    );
  for (let tries = 0; !(await refused()); tries++) assert.ok(tries < 1_000);

  const next = await startEmbedded({ dataDir });
  t.after(() => next.stop());
  assert.equal(next.adopted, false);
  assert.equal(isLive(parent.said.pid), false);
  assert.equal(await ask(next.connection, "select count(*) from kept"), "0");
});

rootTest("without the right to look at other uids' processes, an orphan is still found", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  const parent = await startParent(t, { dataDir });
  await kill9(parent);
  const wrap = ["setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"];
  const next = await startParent(t, { dataDir }, { wrap });
  assert.equal(next.said.message, undefined);
  assert.equal(next.said.adopted, true);
  assert.equal(next.said.pid, parent.said.pid);
});

test("parent and server killed together, ten times: the next start works and no acknowledged row is lost", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  await (await startEmbedded({ dataDir })).stop();
  for (let round = 0; round < 10; round++) {
    const parent = await startParent(t, { dataDir });
    assert.equal(parent.said.message, undefined);
    assert.equal(parent.said.adopted, false);
    if (round === 0) await ask(parent.said.connection, "create table acked (n int)");
    assert.equal(await ask(parent.said.connection, "select count(*) from acked"), String(round));
    await ask(parent.said.connection, "insert into acked values (1)");
    process.kill(parent.said.pid, "SIGKILL");
    await kill9(parent);
  }
});

for (const adopted of [false, true]) {
  for (const what of ["the server alone", "all its processes"]) {
    test(`R01: kill -9 of ${what}${adopted ? ", which was adopted" : ""}: it is started again at the same address, and nothing is lost`, async (t) => {
      const dataDir = join(await makeRoom(t), "store");
      if (adopted) await kill9(await startParent(t, { dataDir }));
      const store = await startEmbedded({ dataDir });
      assert.equal(store.adopted, adopted);
      await ask(store.connection, "create table if not exists acked as select 1 as n");
      for (let round = 0; round < 3; round++) {
        const [server = 0] = readFileSync(join(dataDir, "postmaster.pid"), "utf8").split("\n").map(Number);
        const all = postgresIn(dataDir, accountOf(dataDir));
        assert.ok(all.includes(server));
        killEach(what === "the server alone" ? [server] : all);
        await comesBack(store.connection);
        assert.equal(await ask(store.connection, "select count(*) from acked"), "1");
        assert.equal(isLive(server), false);
      }
      await store.stop();
      assert.deepEqual(postgresIn(dataDir, accountOf(dataDir)), []);
      assert.equal(existsSync(store.connection.host!), false, "the socket folder is gone too");
    });
  }
}

/** One that has ended already, since its parent was killed before it, is as dead as it should be. */
function killEach(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Asks until it is answered. */
async function comesBack(connection: pg.PoolConfig): Promise<void> {
  const end = performance.now() + 30_000;
  const answers = () =>
    ask(connection, "select 1").then(
      () => true,
      () => false,
    );
  // The killed one may have been asked a last time.
  await new Promise((resolve) => setTimeout(resolve, 50));
  while (!(await answers())) assert.ok(performance.now() < end, "it did not come back");
}

test("a server that does not start again can be stopped, and the next start finds its folder as it was", async (t) => {
  const dataDir = join(await makeRoom(t), "store");
  const store = await startEmbedded({ dataDir });
  const control = join(dataDir, "global/pg_control");
  renameSync(control, `${control}.away`);
  process.kill(store.pid, "SIGKILL");
  assert.ok(await until(() => readFileSync(join(dataDir, "server.log"), "utf8").includes("pg_control"), 10_000));
  await store.stop();
  renameSync(`${control}.away`, control);
  const next = await startEmbedded({ dataDir });
  await next.stop();
});

test("Ctrl-C on the terminal's process group does not reach the server", async (t) => {
  const parent = await startParent(t, { dataDir: join(await makeRoom(t), "store") });
  assert.equal(processFacts(parent.process.pid!)?.group, parent.process.pid);
  assert.equal(processFacts(parent.said.pid)?.group, parent.said.pid, "a group of its own");
  process.kill(-parent.process.pid!, "SIGINT");
  assert.equal(await ask(parent.said.connection, "select 1"), "1");
  assert.ok(isLive(parent.process.pid!), "the parent caught it and has work to finish");
});

/** Leaves a folder as kill -9 of everything does, with a lock that names `pid`. */
async function killedFolder(t: TestContext, pid: (dataDir: string) => number | Promise<number>): Promise<string> {
  const dataDir = join(await makeRoom(t), "store");
  const parent = await startParent(t, { dataDir });
  const lock = readFileSync(join(dataDir, "postmaster.pid"), "utf8").split("\n");
  process.kill(parent.said.pid, "SIGKILL");
  await kill9(parent);
  assert.ok(await until(() => postgresIn(dataDir, accountOf(dataDir)).length === 0, 10_000));
  lock[0] = String(await pid(dataDir));
  writeFileSync(join(dataDir, "postmaster.pid"), lock.join("\n"));
  return dataDir;
}

test("a lock that names a zombie does not stop the start", async (t) => {
  const dataDir = await killedFolder(t, async (folder) => {
    return startZombie(t, accountOf(folder));
  });
  const next = await startEmbedded({ dataDir });
  assert.equal(next.adopted, false);
  await next.stop();
});

test("a lock that names another process of that uid does not stop the start", async (t) => {
  let other = 0;
  const dataDir = await killedFolder(t, (folder) => {
    const holder = spawn("/bin/sleep", ["60"], { cwd: "/", ...identity(accountOf(folder)) });
    t.after(() => holder.kill("SIGKILL"));
    other = holder.pid!;
    return other;
  });
  const next = await startEmbedded({ dataDir });
  assert.ok(isLive(other), "that process is left alone");
  await next.stop();
});

test("WAL that cannot be replayed stops the start, keeps the folder, and the message says how to restore", async (t) => {
  const dataDir = await killedFolder(t, () => 1);
  const wal = join(dataDir, "pg_wal");
  const segments = readdirSync(wal).filter((name) => /^[0-9A-F]{24}$/.test(name));
  for (const name of segments) writeFileSync(join(wal, name), Buffer.alloc(16 * 1024 * 1024), { flag: "r+" });
  const control = readFileSync(join(dataDir, "global/pg_control"));

  await assert.rejects(startEmbedded({ dataDir }), (error: Error) => {
    assert.equal(error.name, "DidNotStart");
    assert.match(error.message, /could not locate a valid checkpoint record/);
    assert.match(error.message, /move the folder aside, put your last copy/);
    return true;
  });
  assert.deepEqual(readFileSync(join(dataDir, "global/pg_control")), control);
  assert.deepEqual(
    readdirSync(wal).filter((name) => segments.includes(name)),
    segments,
  );
  assert.equal(existsSync(join(dataDir, "postmaster.pid")), false);
});
