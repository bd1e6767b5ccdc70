import assert from "node:assert/strict";
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeSocketFolder, removeSocketFolder } from "./access.ts";
import { accountFor, STORE_UID } from "./account.ts";
import { asRoot, makeRoom } from "./testing/room.ts";

test("a socket folder that was left empty goes after an hour; one in use and a fresh one stay", async (t) => {
  const account = accountFor(join(await makeRoom(t), "none"), STORE_UID);
  const emptied = makeSocketFolder(account);
  const inUse = makeSocketFolder(account);
  const fresh = makeSocketFolder(account);
  t.after(() => [emptied, inUse, fresh].map((folder) => removeSocketFolder(folder, account)));
  writeFileSync(join(inUse, ".s.PGSQL.5432"), "");
  const twoHoursAgo = Date.now() / 1000 - 7_200;
  for (const folder of [emptied, inUse]) utimesSync(folder, twoHoursAgo, twoHoursAgo);
  const next = makeSocketFolder(account);
  removeSocketFolder(next, account);
  assert.deepEqual(
    [emptied, inUse, fresh, next].map((folder) => existsSync(folder)),
    [false, true, true, false],
  );
});

test("a folder that is not ours stays, whatever a lock file says", async (t) => {
  const room = await makeRoom(t);
  const account = accountFor(join(room, "none"), STORE_UID);
  mkdirSync(join(room, "dayfly-abcdef"));
  removeSocketFolder(join(room, "dayfly-abcdef"), account);
  assert.ok(statSync(join(room, "dayfly-abcdef")).isDirectory());
  removeSocketFolder("", account);
  removeSocketFolder("/run", account);
  if (!asRoot) return;
  const strangers = mkdtempSync("/tmp/dayfly-");
  t.after(() => rmSync(strangers, { recursive: true }));
  chownSync(strangers, 1, 1);
  removeSocketFolder(strangers, account);
  assert.ok(existsSync(strangers));
});
