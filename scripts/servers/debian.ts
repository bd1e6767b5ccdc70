/**
 * Debian's packages, downloaded and unpacked into the cache: nothing is installed, no root is needed, no service
 * starts. apt checks its signatures. Libraries that this machine lacks are fetched with them.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cached } from "./cache.ts";

const run = promisify(execFile);

/** What to get from Debian: the first package gives the version. */
export interface Wanted {
  packages: string[];
  /** Paths, from the root, of what will be run or loaded: their libraries must all be found. */
  programs: string[];
}

/** A tree of unpacked packages. */
export interface Tree {
  root: string;
  version: string;
}

/** What programs of the tree need in their environment. */
export function libraries(root: string): { LD_LIBRARY_PATH: string } {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return { LD_LIBRARY_PATH: ["usr/lib", "lib"].map((folder) => join(root, folder, triplet)).join(":") };
}

/** Only there to be read or built with, and large. */
const dropped = ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/include"];

/** libLLVM is a hundred megabytes for a compiler that tests switch off. */
const leftOut = /^(?:libllvm|libz3-)|-dev$/;

/** The packages and the libraries that they need and this machine does not have (or not new enough). */
async function withLibraries(packages: string[]): Promise<string[]> {
  const { stdout } = await run("apt-get", ["-s", "install", "--no-install-recommends", ...packages]).catch(() => ({
    stdout: "",
  }));
  const missing = [...stdout.matchAll(/^Inst (lib\S+)/gm)].map((match) => match[1]!);
  return [...new Set([...packages, ...missing.filter((name) => !leftOut.test(name))])];
}

async function download(packages: string[], folder: string): Promise<void> {
  mkdirSync(folder);
  try {
    await run("apt-get", ["download", ...packages], { cwd: folder });
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const hint =
      code === "ENOENT"
        ? "there is no apt-get here: this server is only had on Debian and Ubuntu"
        : `${stderr?.trim()}\nWhere apt knows no such package: run \`apt-get update\` once, as root`;
    throw new Error(`${packages.join(", ")} cannot be downloaded from Debian: ${hint}`);
  }
}

async function checkLibraries(root: string, programs: string[]): Promise<void> {
  for (const program of programs) {
    const path = join(root, program);
    if (!existsSync(path)) throw new Error(`Debian's packages did not bring ${program}`);
    const { stdout } = await run("ldd", [path], { env: { ...process.env, ...libraries(root) } });
    const missing = [...stdout.matchAll(/(\S+) => not found/g)].map((match) => match[1]);
    if (missing.length > 0)
      throw new Error(`${program} lacks ${missing.join(", ")}: install what holds them, with apt`);
  }
}

/** Gets the packages, unless the cache has them. */
export async function debian(name: string, wanted: Wanted): Promise<Tree> {
  const { path, version } = await cached(name, async (root) => {
    const packages = join(root, "packages");
    await download(await withLibraries(wanted.packages), packages);
    const files = readdirSync(packages).map((file) => join(packages, file));
    for (const file of files) await run("dpkg-deb", ["-x", file, root]);
    const first = files.find((file) => file.includes(`/${wanted.packages[0]}_`))!;
    const { stdout } = await run("dpkg-deb", ["-f", first, "Version"]);
    for (const folder of [packages, ...dropped.map((folder) => join(root, folder))]) {
      rmSync(folder, { recursive: true, force: true });
    }
    await checkLibraries(root, wanted.programs);
    return stdout.trim();
  });
  return { root: path, version };
}
