/** Packages of other languages' registries, pinned by hash, in the cache. Nothing of them runs while they are installed. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { cached } from "./cache.ts";

const run = promisify(execFile);

/** Fetches what a `requirements.txt` names, whose version is that of `main`. @returns the folder for PYTHONPATH */
export async function pythonPackages(name: string, wanted: string, main: string): Promise<string> {
  const { path } = await cached(`${name}-${digestOf(wanted)}`, async (folder) => {
    const only = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check"];
    await installing("python3", ["-m", "pip", "install", "--quiet", ...only, "--target", folder, "-r", wanted], folder);
    return new RegExp(`^${main}==([^\\s]+)`, "m").exec(readFileSync(wanted, "utf8"))![1]!;
  });
  return path;
}

/** Other pins are another thing in the cache. */
export function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);
}

/** Runs what installs. @throws with the end of what it said */
export async function installing(program: string, args: string[], cwd: string): Promise<void> {
  try {
    await run(program, args, { cwd, timeout: 300_000 });
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const why = code === "ENOENT" ? `'${program}' is not installed` : stderr?.trim().slice(-1_000);
    throw new Error(`installing with '${program}' failed: ${why}`);
  }
}
