/** The three files a setting may come from. A missing one is empty; a broken one stops the command. */
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CliError, usage } from "./exit.ts";
import type { World } from "./world.ts";

/** Where this user's own settings and session lie. */
export function configFolder({ env, home }: Pick<World, "env" | "home">): string {
  return join(env.XDG_CONFIG_HOME || join(home, ".config"), "dayfly");
}

/** A file of settings that was found. */
export interface Found {
  path: string;
  values: Record<string, unknown>;
}

/** `.infisical.json` of the folder, or of the nearest one above it. */
export function readProjectFile(cwd: string): Found | null {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, ".infisical.json");
    const values = readJson(path);
    if (values) return { path, values };
    if (folder === dirname(folder)) return null;
  }
}

/** The user's own settings. */
export function readUserFile(world: Pick<World, "env" | "home">): Found | null {
  const path = join(configFolder(world), "config.json");
  refuseWideFile(path);
  const values = readJson(path);
  return values && { path, values };
}

/** The address file that a local server writes beside its data: the only guess the command line ever makes. */
export function readLocalServer({ env, dataDir }: Pick<World, "env" | "dataDir">): Found | null {
  const path = join(env.DAYFLY_DATA_DIR || dataDir, "bootstrap.json");
  const values = readJson(path);
  // The rest of that file is the administrator's password, which the command line never uses.
  return values && { path, values: { domain: values.url } };
}

/** Stops when others could read or write a file that must be the user's alone. */
export function refuseWideFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats && (stats.mode & 0o077) !== 0 && process.platform !== "win32") {
    throw new CliError("other", `${path} can be read by others`, `Close it with: chmod 600 ${path}`);
  }
}

function readJson(path: string): Record<string, unknown> | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Not readable counts as not there: another user's server is not ours to use.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return null;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Falls through: the message must not quote the file.
  }
  throw usage(`${path} is not a JSON object`);
}
