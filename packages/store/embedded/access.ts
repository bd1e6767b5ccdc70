/**
 * Who gets into a server: its superuser over a Unix socket, told by the kernel who comes (`peer`), in a folder that
 * only the server's account and root can enter; over TCP on loopback by password, where TCP is on at all.
 */
import { chmodSync, chownSync, lstatSync, mkdtempSync, rmSync } from "node:fs";
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

/** Makes a short folder for the socket (its path may have 107 bytes at most) that only the account can enter. */
export function makeSocketFolder(account: Account): string {
  let folder: string;
  try {
    folder = mkdtempSync(account.foreign ? "/run/dayfly-" : "/tmp/dayfly-");
  } catch {
    folder = mkdtempSync("/tmp/dayfly-");
  }
  chmodSync(folder, 0o700);
  if (account.foreign) chownSync(folder, account.uid, account.gid);
  return folder;
}

/** Removes a socket folder that we made; leaves anything else alone, whatever a lock file says. */
export function removeSocketFolder(folder: string, account: Account): void {
  if (!socketFolder.test(folder)) return;
  const facts = lstatSync(folder, { throwIfNoEntry: false });
  if (!facts?.isDirectory() || facts.uid !== account.uid) return;
  rmSync(join(folder), { recursive: true, force: true });
}
