/** Files that we write as root into a folder that belongs to the server's account: never through a link it laid there. */
import { closeSync, constants, fchownSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Account } from "./account.ts";

/** Puts a file in place whole, readable by the account alone. */
export function putFile(folder: string, name: string, text: string, account: Account): void {
  const path = join(folder, name);
  const beside = `${path}.new`;
  rmSync(beside, { force: true });
  const file = openSync(
    beside,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    if (account.foreign) fchownSync(file, account.uid, account.gid);
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
}

/** Opens a file to write at its end. */
export function openToAppend(path: string, account: Account): number {
  const file = openSync(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
    0o600,
  );
  if (account.foreign) fchownSync(file, account.uid, account.gid);
  return file;
}
