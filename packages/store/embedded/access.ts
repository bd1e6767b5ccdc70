/**
 * Who gets into a server: its superuser over a Unix socket, told by the kernel who comes (`peer`), in a folder that
 * only the server's account and root can enter; over TCP on loopback by password, where TCP is on at all.
 */
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { Account } from "./account.ts";
import { putFile } from "./files.ts";

/** Writes the server's host-based access and its map of user names anew: they follow who starts it. */
export function writeAccess(dataDir: string, account: Account, options: { superuser: string; tcp: string[] }): void {
  const note = "# Written by Dayfly at each start: changes here are lost.\n";
  const local = `local all ${options.superuser} peer map=dayfly\n`;
  putFile(dataDir, "pg_hba.conf", note + local + options.tcp.map((line) => `${line}\n`).join(""), account);
  putFile(dataDir, "pg_ident.conf", `${note}dayfly "${account.ownName}" ${options.superuser}\n`, account);
}

const socketFolder = /^(?:\/run|\/tmp)\/dayfly-[A-Za-z0-9]{6}$/;

/** Whether we made this socket folder for this account; anything else is left alone, whatever a lock file says. */
function isOurs(folder: string, account: Account): boolean {
  const facts = lstatSync(folder, { throwIfNoEntry: false });
  return socketFolder.test(folder) && facts?.isDirectory() === true && facts.uid === account.uid;
}

const HOUR_MS = 3_600_000;

/** Removes what servers that somebody else ended have left: a folder whose socket has been gone for an hour. */
function removeEmptied(parent: string, account: Account): void {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    if (!isOurs(folder, account) || Date.now() - statSync(folder).mtimeMs < HOUR_MS) continue;
    try {
      rmdirSync(folder);
    } catch {
      // in use
    }
  }
}

/** Makes a short folder for the socket (its path may have 107 bytes at most) that only the account can enter. */
export function makeSocketFolder(account: Account): string {
  const parent = account.foreign && isWritable("/run") ? "/run" : "/tmp";
  removeEmptied(parent, account);
  const folder = mkdtempSync(join(parent, "dayfly-"));
  chmodSync(folder, 0o700);
  if (account.foreign) chownSync(folder, account.uid, account.gid);
  return folder;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Makes a socket folder as it was when its server, which is gone, was started; anew if somebody has taken it away. */
export function emptySocketFolder(folder: string, account: Account): void {
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 });
    if (account.foreign) chownSync(folder, account.uid, account.gid);
  }
  if (!isOurs(folder, account)) throw new Error(`the socket's folder ${folder} is another's by now: restart Dayfly`);
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
}

/** Removes a socket folder that we made, with what is in it. */
export function removeSocketFolder(folder: string, account: Account): void {
  if (isOurs(folder, account)) rmSync(folder, { recursive: true, force: true });
}
