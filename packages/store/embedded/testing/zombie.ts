/** A process that has ended and that its parent never asks for, as in a container whose first process does not. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { type Account, identity } from "../account.ts";
import { processFacts, until } from "../process.ts";

/** Makes one, under the account if there is one given, and says its pid. */
export async function startZombie(t: TestContext, account?: Account): Promise<number> {
  // The child ends only when the shell has become a program that never asks for it.
  const child = 'until read name < /proc/$$/comm && [ "$name" = sleep ]; do :; done';
  const script = `(${child}) & echo $!; exec sleep 60`;
  const holder = spawn("/bin/sh", ["-c", script], { cwd: "/", ...(account && identity(account)) });
  t.after(() => holder.kill("SIGKILL"));
  const [said] = await once(holder.stdout, "data");
  const zombie = Number(said);
  assert.ok(await until(() => processFacts(zombie)?.state === "Z", 20_000), "a zombie");
  return zombie;
}
