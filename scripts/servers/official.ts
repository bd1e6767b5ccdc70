/**
 * The published clients that people already have, pinned, in the cache: the project does not depend on them, its tests do.
 *
 * What is installed is what the committed lockfile and the committed hashes name; nothing of it runs while it is installed.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cached } from "./cache.ts";

const run = promisify(execFile);
const official = fileURLToPath(new URL("../../e2e/official", import.meta.url));

/** Fetches `@infisical/sdk`. @returns the folder that holds its `node_modules` */
export async function officialNodeSdk(): Promise<string> {
  const lock = join(official, "node/package-lock.json");
  const { path } = await cached(`official-node-${digestOf(lock)}`, async (folder) => {
    for (const file of ["package.json", "package-lock.json"])
      copyFileSync(join(official, "node", file), join(folder, file));
    await installing("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder);
    const manifest = join(folder, "node_modules/@infisical/sdk/package.json");
    return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
  });
  return path;
}

/** Fetches `infisicalsdk`. @returns the folder for PYTHONPATH */
export async function officialPythonSdk(): Promise<string> {
  const wanted = join(official, "python/requirements.txt");
  const { path } = await cached(`official-python-${digestOf(wanted)}`, async (folder) => {
    const only = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--disable-pip-version-check"];
    await installing("python3", ["-m", "pip", "install", "--quiet", ...only, "--target", folder, "-r", wanted], folder);
    return /^infisicalsdk==(\S+)/m.exec(readFileSync(wanted, "utf8"))![1]!;
  });
  return path;
}

/** Other pins are another thing in the cache. */
function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);
}

async function installing(program: string, args: string[], cwd: string): Promise<void> {
  try {
    await run(program, args, { cwd, timeout: 300_000 });
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const why = code === "ENOENT" ? `'${program}' is not installed` : stderr?.trim().slice(-1_000);
    throw new Error(`installing with '${program}' failed: ${why}`);
  }
}
