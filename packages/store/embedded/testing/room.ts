/** A folder for one test, gone after it with every server that was left running in it. */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openRoom } from "../../../../scripts/servers/room.ts";
import { removeSocketFolder } from "../access.ts";
import { accountFor, STORE_UID } from "../account.ts";
import { endServer } from "../end.ts";
import { readLock } from "../lock.ts";
import { postgresIn } from "../process.ts";

async function endServersIn(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() || !existsSync(join(path, "postmaster.pid"))) continue;
    const account = accountFor(path, STORE_UID);
    const lock = readLock(path)!;
    if (postgresIn(path, account).includes(lock.pid)) await endServer(lock.pid);
    removeSocketFolder(lock.socketFolder, account);
  }
}

/** Makes the folder: only we may enter it, as under a 0700 home. */
export async function makeRoom(t: TestContext): Promise<string> {
  const room = await openRoom("embedded");
  const home = join(room, "home");
  mkdirSync(home, { mode: 0o700 });
  t.after(async () => {
    await endServersIn(home);
    rmSync(room, { recursive: true, force: true });
  });
  return home;
}

/** Whether the tests run as root: some facts are about root alone. */
export const asRoot: boolean = process.getuid?.() === 0;

/** A fact about being root: for anybody else there is no such test. */
export function rootTest(title: string, body: (t: TestContext) => Promise<void>): void {
  if (asRoot) test(title, body);
}
