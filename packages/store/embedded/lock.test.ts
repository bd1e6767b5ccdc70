import assert from "node:assert/strict";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { accountFor, STORE_UID } from "./account.ts";
import { startEmbedded } from "./index.ts";
import { clearStaleLock, readLock } from "./lock.ts";
import { makeRoom } from "./testing/room.ts";

test("the lock of a live server stays; a copy of its folder may lose it, and the live one keeps its socket", async (t) => {
  const room = await makeRoom(t);
  const dataDir = join(room, "store");
  const store = await startEmbedded({ dataDir });
  t.after(() => store.stop());
  assert.equal(clearStaleLock(dataDir, accountFor(dataDir, STORE_UID)), false);
  assert.equal(readLock(dataDir)?.pid, store.pid);

  const copy = join(room, "copy");
  cpSync(dataDir, copy, { recursive: true });
  assert.equal(clearStaleLock(copy, accountFor(dataDir, STORE_UID)), true);
  assert.equal(readLock(copy), undefined);
  assert.ok(existsSync(join(store.connection.host!, ".s.PGSQL.5432")));
});
