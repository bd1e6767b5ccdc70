/**
 * One run of one command: its flags, the settings in force, the lines for people, and the way to the server.
 *
 * Nothing is asked of the server before a command needs it.
 */
import type { Dayfly } from "@dayfly/sdk";
import { type Basis, connect } from "./connect.ts";
import { readLocalServer, readProjectFile, readUserFile } from "./files.ts";
import type { GlobalFlags } from "./globals.ts";
import { log } from "./log.ts";
import { findProject, type ProjectName, placeFlags, type Where } from "./place.ts";
import type { Redactor } from "./redact.ts";
import { readSession, sessionPath } from "./session.ts";
import { decide } from "./settings.ts";
import type { World } from "./world.ts";

/** What an action is given. */
export interface Invocation<F = object> extends Basis {
  flags: GlobalFlags & F;
  redactor: Redactor;
  /** A line for people, on stderr; `--silent` drops it. */
  note(text: string): void;
  /** A signed-in client. */
  client(): Dayfly;
  /** The project, environment and path in force. */
  where(): Promise<Where>;
  /** The flags that bring another command to the same place. */
  placeFlags(): string;
}

/** Reads the settings for one run. */
export function invoke<F>(world: World, flags: GlobalFlags & F, redactor: Redactor): Invocation<F> {
  const { session, fault } = readSession(world);
  const settings = decide({
    flags: flags as Record<string, unknown>,
    env: world.env,
    projectFile: readProjectFile(world.cwd),
    userFile: readUserFile(world),
    session: session && { path: sessionPath(world), values: { domain: session.domain } },
    localServer: readLocalServer(world),
  });
  for (const secret of [settings.token.value, settings.clientSecret.value, session?.token]) {
    if (secret !== undefined) redactor.add(secret);
  }
  const say = (text: string) => world.stderr.write(`${redactor.hide(text)}\n`);
  const warned = new Set<string>();
  let client: Dayfly | undefined;
  let project: Promise<ProjectName> | undefined;

  const invocation: Invocation<F> & Invocation = {
    world,
    flags,
    settings,
    session,
    sessionFault: fault,
    redactor,
    log: log(world, settings, flags, redactor),
    note: (text) => {
      if (!flags.silent) say(text);
    },
    warn: (text) => {
      if (!warned.has(text)) say(`warning: ${text}`);
      warned.add(text);
    },
    client: () => {
      client ??= connect(invocation);
      return client;
    },
    where: async () => {
      project ??= findProject(settings, invocation.client, invocation.note);
      return { ...(await project), environmentSlug: settings.environment.value!, path: settings.path.value! };
    },
    placeFlags: () => placeFlags(settings),
  };
  return invocation;
}
