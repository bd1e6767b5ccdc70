/**
 * A copy of a program tree that every account may read and nobody but its owner may write. As root the server's uid
 * cannot reach a checkout under a 0700 home, so the binaries are copied out of it once.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Static libraries and build files: nothing that runs needs them. */
const unneeded = /\.a$|^pkgconfig$|^pgxs$|^include$/;

function copyTree(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (unneeded.test(entry.name)) continue;
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (entry.isFile()) {
      copyFileSync(source, target);
      chmodSync(target, lstatSync(source).mode & 0o100 ? 0o755 : 0o644);
    }
  }
}

/** Whether each file of `from` lies in `to` with the same size: a copy torn by a power cut does not pass. */
function isWhole(from: string, to: string): boolean {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (unneeded.test(entry.name)) continue;
    const copied = lstatSync(join(to, entry.name), { throwIfNoEntry: false });
    if (!copied) return false;
    if (entry.isDirectory()) {
      if (!isWhole(join(from, entry.name), join(to, entry.name))) return false;
    } else if (entry.isFile() && copied.size !== lstatSync(join(from, entry.name)).size) return false;
  }
  return true;
}

/** Refuses a folder that another account could have filled. */
function checkOwner(folder: string): void {
  const own = process.getuid?.() ?? 0;
  const facts = lstatSync(folder);
  if (facts.uid === own && !(facts.mode & 0o022) && facts.isDirectory()) return;
  throw new Error(
    `${folder} must be a folder of uid ${own} that no other account can write to: remove it and start again`,
  );
}

/** Makes sure that `to` holds a whole copy of `from`, and says where: it is filled beside and renamed when whole. */
export function copyOnce(from: string, to: string): string {
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
  checkOwner(dirname(to));
  const beside = `${to}.${randomBytes(4).toString("hex")}`;
  if (lstatSync(to, { throwIfNoEntry: false })) {
    checkOwner(to);
    if (isWhole(from, to)) return to;
    renameSync(to, `${beside}.torn`);
    rmSync(`${beside}.torn`, { recursive: true });
  }
  try {
    copyTree(from, beside);
    renameSync(beside, to);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    // Another process was first; its copy is as good.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
  return to;
}
