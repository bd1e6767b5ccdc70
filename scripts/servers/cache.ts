/** The cache of servers and tools for tests, outside the checkout: filled beside its place and renamed when whole. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const platform = `${process.platform}-${process.arch}`;

/** Where everything that is fetched lies. */
export function cacheFolder(): string {
  const { DAYFLY_CACHE, XDG_CACHE_HOME } = process.env;
  return DAYFLY_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "dayfly");
}

/** A thing in the cache. */
export interface Cached {
  path: string;
  version: string;
}

function newest(shelf: string): Cached | undefined {
  const suffix = `-${platform}`;
  const versions = (existsSync(shelf) ? readdirSync(shelf) : [])
    .filter((entry) => entry.endsWith(suffix))
    .map((entry) => entry.slice(0, -suffix.length))
    .sort(new Intl.Collator("en", { numeric: true }).compare);
  const version = versions.at(-1);
  return version === undefined ? undefined : { path: join(shelf, version + suffix), version };
}

/** Files are shared by all later runs: nobody may change them by accident. Folders stay, so that `rm -r` works. */
function makeReadOnly(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadOnly(path);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o555);
  }
}

/** Finds `name` in the cache, or has it filled; `fill` says which version it put in the folder it was given. */
export async function cached(name: string, fill: (folder: string) => Promise<string>): Promise<Cached> {
  const shelf = join(cacheFolder(), name);
  const found = newest(shelf);
  if (found) return found;
  mkdirSync(shelf, { recursive: true });
  const beside = mkdtempSync(join(shelf, "filling."));
  try {
    const version = await fill(beside);
    makeReadOnly(beside);
    chmodSync(beside, 0o755);
    const path = join(shelf, `${version}-${platform}`);
    // Another run may have been first: its copy is as good.
    if (!existsSync(path)) renameSync(beside, path);
    return { path, version };
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}
