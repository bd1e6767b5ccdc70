/** Makes a data folder: `initdb` beside its place, renamed when whole, so that a crash leaves no half of one. */
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Account, NOBODY } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { insideName, startProgram } from "./child.ts";
import { OtherVersion } from "./errors.ts";

export interface ClusterOptions {
  dataDir: string;
  superuser: string;
  account: Account;
  binaries: Binaries;
  /** Whether the new folder must outlive a power cut. */
  fsync: boolean;
}

/** Gives a tree to the account; links themselves, not what they point to. */
function giveTree(folder: string, account: Account): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveTree(path, account);
    else lchownSync(path, account.uid, account.gid);
  }
  lchownSync(folder, account.uid, account.gid);
}

async function initialise(folder: string, options: ClusterOptions): Promise<void> {
  const { account, superuser } = options;
  // initdb looks its own user's name up and refuses to run without one; our numeric uid has none. So it runs as
  // nobody, inside a folder that nobody but root can walk into, and the result changes hands.
  const named: Account = account.foreign ? { ...account, uid: NOBODY, gid: NOBODY } : account;
  if (account.foreign) chownSync(folder, NOBODY, NOBODY);
  const args = ["-D", insideName(folder), "-U", superuser, "--auth-local=peer", "--auth-host=scram-sha-256"];
  args.push("--encoding=UTF8", "--locale=C", "--data-checksums");
  if (!options.fsync) args.push("--no-sync");
  const child = await startProgram(options.binaries, "initdb", args, {
    account: named,
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new Error(`initdb for ${options.dataDir} ended with ${code ?? signal}:\n${said.trim()}`);
  if (account.foreign) giveTree(folder, account);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}

/** Refuses a cluster that another major version made: this one could not read it. */
function checkVersion(dataDir: string, binaries: Binaries): void {
  const made = readFileSync(join(dataDir, "PG_VERSION"), "utf8").trim();
  const major = binaries.version.split(".")[0]!;
  if (made !== major) throw new OtherVersion(dataDir, made, major);
}

/** Makes the cluster at `dataDir` if there is none; says whether it made one. */
export async function ensureCluster(options: ClusterOptions): Promise<boolean> {
  const { dataDir } = options;
  if (existsSync(join(dataDir, "PG_VERSION"))) {
    checkVersion(dataDir, options.binaries);
    return false;
  }
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new Error(`${dataDir} is not empty and holds no PostgreSQL cluster: name another folder, or empty it`);
  }
  const parent = dirname(dataDir);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const prefix = `${basename(dataDir)}.new-`;
  for (const left of readdirSync(parent)) {
    if (left.startsWith(prefix)) rmSync(join(parent, left), { recursive: true, force: true });
  }
  const room = mkdtempSync(join(parent, prefix));
  if (options.binaries.goesBackByName) chmodSync(room, 0o711);
  try {
    const cluster = join(room, "cluster");
    mkdirSync(cluster, { mode: 0o700 });
    await initialise(cluster, options);
    renameSync(cluster, dataDir);
    if (options.fsync) syncFolder(parent);
    return true;
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}
