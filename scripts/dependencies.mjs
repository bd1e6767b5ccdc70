/**
 * Are the dependencies here, and are they the lockfile's? If not, `npm ci` brings them.
 *
 * Runs under whatever Node the machine has (18 or newer) before anything is installed, so it is plain JavaScript and
 * imports nothing outside Node.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Says what is missing or different, or null when what is installed is exactly the lockfile's. */
export function missingDependency(root, platform = process) {
  const wanted = packagesIn(join(root, "package-lock.json"));
  const installed = packagesIn(join(root, "node_modules/.package-lock.json"));
  if (!wanted) throw new Error(`${join(root, "package-lock.json")} cannot be read: is this a whole checkout?`);
  if (!installed) return "nothing is installed yet";
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || (entry.optional && !runsOn(entry, platform))) continue;
    const found = installed[path];
    if (!found || !existsSync(join(root, path))) return `${path} is missing`;
    if (found.version !== entry.version || found.integrity !== entry.integrity) return `${path} is not the lockfile's`;
  }
  return null;
}

/**
 * Installs what the lockfile says, unless it is all there. Progress goes to stderr.
 *
 * Answers false when a signal asked to stop meanwhile. npm is waited for also then: it puts away what it began, and a
 * start that came while it still does so would fail.
 */
export async function installDependencies(root) {
  const missing = missingDependency(root);
  if (!missing) return true;
  console.error(`Installing dependencies (${missing}): npm ci`);
  // The npm that started us, under its own Node: the one in node_modules is about to be replaced.
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.env.npm_node_execpath ?? process.execPath, [npm]] : ["npm", []];
  // --include: also where NODE_ENV=production or an .npmrc would leave out what the checks, or Node 24 itself, need.
  const flags = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  let stopped = false;
  const stop = () => {
    if (!stopped) console.error("Stopping as soon as npm has put away what it began; the next start installs it.");
    stopped = true;
  };
  // A terminal's Ctrl-C reaches npm by itself.
  for (const signal of signals) process.on(signal, stop);
  let status;
  try {
    [status] = await once(spawn(command, [...args, ...flags], { cwd: root, stdio: ["ignore", 2, 2] }), "exit");
  } catch (error) {
    throw new Error(`npm could not be started (${error.message}). Install npm, then run this again.`);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
  if (stopped) return false;
  if (status !== 0)
    throw new Error("npm ci failed, see above. Is the package registry reachable? Then run this again.");
  const still = missingDependency(root);
  if (still) throw new Error(`npm ci succeeded, yet ${still}. Remove node_modules and run this again.`);
  return true;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"];

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return null;
  }
}

function runsOn(entry, platform) {
  const allows = (list, value) => !list || [list].flat().includes(value);
  if (!allows(entry.os, platform.platform) || !allows(entry.cpu, platform.arch)) return false;
  const glibc = platform.report?.getReport().header.glibcVersionRuntime;
  return allows(entry.libc, glibc ? "glibc" : "musl") || platform.platform !== "linux";
}
