/** The stored sign-in: one file, 0600 in a 0700 folder, and the token is only for the server that gave it. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "./exit.ts";
import { configFolder, refuseWideFile } from "./files.ts";
import type { World } from "./world.ts";

/** What is kept after `login`. */
export interface Session {
  domain: string;
  token: string;
  /** ISO time. */
  expiresAt: string;
  /** A client id, or an e-mail address. */
  holder: string;
}

/** Where the session lies. */
export function sessionPath(world: Pick<World, "env" | "home">): string {
  return join(configFolder(world), "session.json");
}

/** The stored session, if any; `fault` says why the file may not be used. */
export function readSession(world: Pick<World, "env" | "home">): { session: Session | null; fault?: CliError } {
  const path = sessionPath(world);
  try {
    refuseWideFile(path);
    const { domain, token, expiresAt, holder } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const session = { domain: String(domain), token: String(token), expiresAt: String(expiresAt) };
    return { session: { ...session, holder: String(holder) } };
  } catch (error) {
    if (error instanceof CliError) return { session: null, fault: error };
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { session: null };
    const hint = "Sign in again with: dayfly login";
    return { session: null, fault: new CliError("notSignedIn", `${path} is not a session`, hint) };
  }
}

/** Keeps a session; a reader sees the old one or the new one, never half. */
export function writeSession(world: Pick<World, "env" | "home">, session: Session): string {
  const path = sessionPath(world);
  mkdirSync(configFolder(world), { recursive: true, mode: 0o700 });
  const half = `${path}.${process.pid}`;
  rmSync(half, { force: true });
  writeFileSync(half, `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(half, path);
  return path;
}
