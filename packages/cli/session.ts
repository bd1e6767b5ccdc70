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
  clientId: string;
}

/** Where the session lies. */
export function sessionPath(world: Pick<World, "env" | "home">): string {
  return join(configFolder(world), "session.json");
}

/** The stored session, or null. @throws CliError when others can read the file. */
export function readSession(world: Pick<World, "env" | "home">): Session | null {
  const path = sessionPath(world);
  refuseWideFile(path);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return null;
  }
  try {
    const { domain, token, expiresAt, clientId } = JSON.parse(text) as Record<string, unknown>;
    return { domain: String(domain), token: String(token), expiresAt: String(expiresAt), clientId: String(clientId) };
  } catch {
    throw new CliError("notSignedIn", `${path} is not a session`, "Sign in again with: dayfly login");
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
