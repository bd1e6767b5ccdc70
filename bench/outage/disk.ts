/**
 * A small disk in memory, which can be filled to its last byte.
 *
 * Mounting needs root. Where it is not allowed that is said: a disk that cannot fill would prove nothing.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The mounted disk. */
export interface Disk {
  path: string;
  /** MiB. */
  free(): number;
  /** Leaves no byte. */
  fill(): void;
  /** Takes the ballast away. */
  clear(): void;
  remove(): void;
}

const BLOCK = Buffer.alloc(64 * 1024);

/** Mounts a disk of so many MiB. @throws where this process may not mount */
export function mountDisk(mebibytes: number): Disk {
  const path = mkdtempSync(join(tmpdir(), "dayfly-bench-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=711`, "none", path]);
  if (mounted.status !== 0) {
    rmdirSync(path);
    throw new Error(
      `a disk could not be mounted at ${path}: run this as root, with CAP_SYS_ADMIN\n${mounted.stderr ?? mounted.error}`,
    );
  }
  chmodSync(path, 0o711);
  const ballast = join(path, "ballast");
  const remove = (): void => {
    // Lazily: a process that is being killed may still stand in it.
    spawnSync("umount", ["-l", path]);
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", remove);
  return {
    path,
    free() {
      const { bavail, bsize } = statfsSync(path);
      return (bavail * bsize) / 1024 / 1024;
    },
    fill() {
      const file = openSync(ballast, "a");
      try {
        for (let size = BLOCK.length; size >= 1; ) {
          try {
            writeSync(file, BLOCK, 0, size);
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
            size = Math.floor(size / 2);
          }
        }
      } finally {
        closeSync(file);
      }
    },
    clear: () => rmSync(ballast, { force: true }),
    remove() {
      process.removeListener("exit", remove);
      remove();
    },
  };
}

/** Runs `work` with this folder as the place for temporary files. */
export async function within<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  try {
    return await work();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}
