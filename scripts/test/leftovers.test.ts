import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openRunFolder } from "./leftovers.ts";

const parent = mkdtempSync(join(tmpdir(), "leftovers-"));
after(() => rmSync(parent, { recursive: true, force: true }));

function sleeper(options: { cwd?: string; env?: Record<string, string> }) {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], {
    ...options,
    env: { ...options.env },
    detached: true,
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  return { child, ended };
}

test("a process that carries the run's word is ended, and one that does not is left alone", async () => {
  const folder = await openRunFolder(parent);
  const ours = sleeper({ env: folder.env });
  const stranger = sleeper({});
  try {
    const left = await folder.close();
    await ours.ended;
    assert.equal(left.length, 1);
    assert.ok(left[0]!.startsWith(`${ours.child.pid} `));
    assert.equal(stranger.child.exitCode ?? stranger.child.signalCode, null);
    assert.equal(existsSync(folder.path), false);
  } finally {
    stranger.child.kill("SIGKILL");
  }
});

test("a server in the folder of a run that was killed is ended by the next run", async () => {
  const dead = join(parent, "dayfly-run-dead");
  mkdirSync(join(dead, "data"), { recursive: true });
  writeFileSync(join(dead, "owner"), `${process.pid} 1`);
  const server = sleeper({ cwd: join(dead, "data") });
  const next = await openRunFolder(parent);
  await server.ended;
  assert.equal(existsSync(dead), false);
  await next.close();
});

test("the folder of a run that still goes on is left alone", async () => {
  const first = await openRunFolder(parent);
  const second = await openRunFolder(parent);
  assert.equal(existsSync(first.path), true);
  await first.close();
  await second.close();
});
