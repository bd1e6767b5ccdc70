/**
 * The published clients that people already have, pinned, in the cache: the project does not depend on them, its tests do.
 *
 * What is installed is what the committed lockfile and the committed hashes name; nothing of it runs while it is installed.
 */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cached } from "./cache.ts";
import { digestOf, installing, pythonPackages } from "./packages.ts";

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
export function officialPythonSdk(): Promise<string> {
  return pythonPackages("official-python", join(official, "python/requirements.txt"), "infisicalsdk");
}
