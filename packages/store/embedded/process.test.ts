import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { isLive, processFacts } from "./process.ts";
import { startZombie } from "./testing/zombie.ts";

test("a running process is live, a zombie and a gone one are not", async (t) => {
  assert.ok(isLive(process.pid));
  assert.equal(isLive(await startZombie(t)), false);
  const child = spawn("/bin/true");
  await once(child, "exit");
  assert.equal(isLive(child.pid!), false);
});

test("a name with blanks and brackets does not hide the state", async (t) => {
  const child = spawn(process.execPath, [
    "-e",
    "process.title = 'a) Z (b'; console.log(1); setInterval(() => {}, 1e6)",
  ]);
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  assert.equal(processFacts(child.pid!)?.name, "a) Z (b");
  assert.ok(isLive(child.pid!));
});
