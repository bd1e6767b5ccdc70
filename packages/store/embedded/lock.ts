/**
 * The lock file of a data folder, `postmaster.pid`. After kill -9 of everything it names a pid that may by now be a
 * zombie or another process of the same uid, and PostgreSQL then refuses to start. It is removed only when no live
 * PostgreSQL works in the folder: it is PostgreSQL's own guard against two servers on one folder.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeSocketFolder } from "./access.ts";
import type { Account } from "./account.ts";
import { hasProc, isPostgres, postgresIn } from "./process.ts";

/** What the lock file says of the server that wrote it. */
export interface Lock {
  pid: number;
  port: number;
  socketFolder: string;
}

/** Reads the lock file; undefined where there is none. */
export function readLock(dataDir: string): Lock | undefined {
  try {
    const lines = readFileSync(join(dataDir, "postmaster.pid"), "utf8").split("\n");
    return { pid: Number(lines[0]), port: Number(lines[3]), socketFolder: lines[4] ?? "" };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Removes the lock of a server that is gone, and says what was in it. */
export function removeStaleLock(dataDir: string, account: Account): Lock | undefined {
  const lock = readLock(dataDir);
  // Without /proc nobody can tell who works in the folder: PostgreSQL's guard decides.
  if (!lock || !hasProc || postgresIn(dataDir, account).length > 0) return undefined;
  rmSync(join(dataDir, "postmaster.pid"), { force: true });
  return lock;
}

/** Removes the lock of a server that is gone, and its socket; says whether there was one. */
export function clearStaleLock(dataDir: string, account: Account): boolean {
  const lock = removeStaleLock(dataDir, account);
  if (!lock) return false;
  // The folder may be a copy of one that is in use: then the socket belongs to the other.
  if (!isPostgres(lock.pid)) removeSocketFolder(lock.socketFolder, account);
  return true;
}
