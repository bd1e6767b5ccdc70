import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { claim, claimAt } from "./claim.ts";
import { makeRoom } from "./testing/room.ts";

test("a folder is claimed by one at a time, by whatever path", async (t) => {
  const room = await makeRoom(t);
  const release = await claim(join(room, "store"));
  await assert.rejects(claim(join(room, "../", room.split("/").at(-1)!, "store")), { name: "InUseElsewhere" });
  const other = await claim(join(room, "demo"));
  await other();
  await release();
  const again = await claim(join(room, "store"));
  await again();
});

test("where the claim is a socket file, that of a killed holder does not stop the next", async (t) => {
  const file = join(await makeRoom(t), "claim");
  const script = `require("node:net").createServer().listen(${JSON.stringify(file)}, () => console.log("held"))`;
  const holder = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => holder.kill("SIGKILL"));
  await once(holder.stdout!, "data");
  await assert.rejects(claimAt(file, "folder"), { name: "InUseElsewhere" });
  holder.kill("SIGKILL");
  await once(holder, "exit");
  assert.ok(existsSync(file), "kill -9 leaves the file");
  const release = await claimAt(file, "folder");
  await assert.rejects(claimAt(file, "folder"), { name: "InUseElsewhere" });
  await release();
});
