/** A folder for one test, gone after it with every server that was left running in it. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { accountFor, STORE_UID } from "../account.ts";
import { endServer } from "../end.ts";
import { readLock } from "../lock.ts";
import { postgresIn } from "../process.ts";

async function endServersIn(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() || !existsSync(join(path, "postmaster.pid"))) continue;
    const lock = readLock(path);
    if (lock && postgresIn(path, accountFor(path, STORE_UID)).includes(lock.pid)) await endServer(lock.pid);
  }
}

/** Makes the folder: only we may enter it, as under a 0700 home. */
export function makeRoom(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "dayfly-test-embedded-"));
  t.after(async () => {
    await endServersIn(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Whether the tests run as root: some facts are about root alone. */
export const asRoot: boolean = process.getuid?.() === 0;
