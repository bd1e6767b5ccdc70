/**
 * Under which account a server runs. PostgreSQL refuses root, so as root it runs under an unprivileged uid that owns
 * its data folder; else under our own.
 *
 * The uids lie in 65520-65533, which neither Debian's policy nor systemd hands out. They need no line in /etc/passwd:
 * only `initdb` looks its name up, and it runs as `nobody` (see cluster.ts).
 */
import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { CannotRunHere } from "./errors.ts";

/** Runs the own store when we are root. */
export const STORE_UID = 65521;
/** Runs demo and test targets when we are root: a target must not be able to touch the store. */
export const TARGET_UID = 65522;
/** Has a name on every system; runs `initdb` when we are root. */
export const NOBODY = 65534;

/** Who a server runs as. */
export interface Account {
  uid: number;
  gid: number;
  /** Whether we must change to it: we are root. */
  foreign: boolean;
  /** The name of our own user, as which we come to the server's socket. */
  ownName: string;
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    const uid = process.getuid?.();
    throw new CannotRunHere(
      `the user with uid ${uid} has no name, and PostgreSQL wants one (give it a line in /etc/passwd)`,
      { cause },
    );
  }
}

/** The account for this data folder: the one that owns it already, or the wanted one when it is yet to be made. */
export function accountFor(dataDir: string, wanted: number): Account {
  const own = process.getuid?.() ?? 0;
  const owner = statSync(dataDir, { throwIfNoEntry: false });
  const name = ownName();
  if (own !== 0) {
    if (owner && owner.uid !== own) {
      throw new CannotRunHere(`${dataDir} belongs to uid ${owner.uid} and we are ${name} (uid ${own})`);
    }
    return { uid: own, gid: process.getgid?.() ?? own, foreign: false, ownName: name };
  }
  // A folder made by an ordinary user keeps its owner, so that this user can start it again.
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, foreign: true, ownName: name };
  return { uid: wanted, gid: wanted, foreign: true, ownName: name };
}

/** What to give `spawn` so that the child runs under the account, without our groups. */
export function identity(account: Account): { uid?: number; gid?: number } {
  return account.foreign ? { uid: account.uid, gid: account.gid } : {};
}

/** Says what a refused change of account means; any other error passes unchanged. */
export function explainRefusal(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (process.getuid?.() !== 0 || (code !== "EPERM" && code !== "EINVAL")) return error;
  return new CannotRunHere(
    "PostgreSQL refuses to run as root, and this root may not change to another uid " +
      "(start as an ordinary user, or allow CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_KILL and CAP_DAC_OVERRIDE)",
    { cause: error },
  );
}
