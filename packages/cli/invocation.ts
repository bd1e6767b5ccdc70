/**
 * One run of one command: its flags, the settings in force, the two output streams, and the way to the server.
 *
 * Owns the sign-in order and the choice of the project. Nothing is asked of the server before a command needs it.
 */
import { type Credentials, Dayfly, PermissionError } from "@dayfly/sdk";
import { CliError, usage } from "./exit.ts";
import { readLocalServer, readProjectFile, readUserFile } from "./files.ts";
import type { GlobalFlags } from "./globals.ts";
import { type Logger, log } from "./log.ts";
import type { Redactor } from "./redact.ts";
import { readSession, type Session, sessionPath } from "./session.ts";
import { decide, type Setting, type Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** How a command names its project to the server. */
export type ProjectName = { projectId: string } | { projectSlug: string };

/** The folder a command works in. */
export type Where = ProjectName & { environmentSlug: string; path: string };

/** What an action is given. */
export interface Invocation<F = object> {
  world: World;
  flags: GlobalFlags & F;
  settings: Settings;
  session: Session | null;
  /** Why the stored session cannot be used. */
  sessionFault: CliError | undefined;
  redactor: Redactor;
  log: Logger;
  /** A line for people, on stderr; `--silent` drops it. */
  note(text: string): void;
  /** A line that `--silent` does not drop. */
  warn(text: string): void;
  /** The server's address. @throws CliError that says what to set. */
  domain(): string;
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
    domain: () => domainOf(invocation),
    client: () => {
      client ??= connect(invocation, invocation.domain(), credentials(invocation));
      return client;
    },
    where: async () => {
      project ??= findProject(invocation);
      return { ...(await project), environmentSlug: settings.environment.value!, path: settings.path.value! };
    },
    placeFlags: () => placeFlags(settings),
  };
  return invocation;
}

function domainOf({ settings, warn }: Invocation): string {
  const { value, from } = settings.domain;
  if (value === undefined) {
    throw usage(
      "No server is named",
      "Set INFISICAL_DOMAIN, give --domain URL, or load a shell with: . .data/demo.env",
    );
  }
  // A project file is committed, so its author decides where this machine's credentials go.
  if (from.endsWith(".infisical.json"))
    warn(`the server ${value} is named by ${from}; --domain or INFISICAL_DOMAIN wins`);
  const { protocol, hostname } = new URL(value);
  if (protocol === "http:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    warn(`${value} is not TLS: what is sent there can be read on the way`);
  }
  return value;
}

function connect(invocation: Invocation, host: string, credentials: Credentials): Dayfly {
  const { world, flags, log } = invocation;
  return new Dayfly({
    host,
    ...credentials,
    signal: world.signal,
    userAgent: "dayfly-cli",
    patience: { totalMs: milliseconds(flags.timeout ?? "30s") },
    onTry: log.request,
  });
}

/** Signs in as somebody, whatever the session says. */
export function signInAs(invocation: Invocation, pair: { clientId: string; clientSecret: string }) {
  return connect(invocation, invocation.domain(), pair).auth.login(pair);
}

function credentials({ settings, session, sessionFault, world, domain }: Invocation): Credentials {
  const { token, clientId, clientSecret } = settings;
  if (token.value !== undefined) return { token: token.value };
  if (clientId.value !== undefined && clientSecret.value !== undefined) {
    return { clientId: clientId.value, clientSecret: clientSecret.value };
  }
  const signIn = "Sign in with: dayfly login --method universal-auth --client-id ID";
  const half = oneOf(clientId, clientSecret);
  if (half) throw new CliError("notSignedIn", `Only half of the client id and secret is set (${half.from})`, signIn);
  if (sessionFault) throw sessionFault;
  if (!session) throw new CliError("notSignedIn", "Not signed in", signIn);
  if (session.domain !== domain()) {
    throw new CliError("notSignedIn", `Signed in to ${session.domain}, not to ${domain()}`, signIn);
  }
  if (new Date(session.expiresAt) <= world.now()) {
    throw new CliError("notSignedIn", `The session expired at ${session.expiresAt}`, signIn);
  }
  return { token: session.token };
}

function oneOf(...settings: Setting[]): Setting | undefined {
  return settings.find(({ value }) => value !== undefined);
}

async function findProject({ client, settings, note }: Invocation): Promise<ProjectName> {
  const { projectId, projectSlug } = settings;
  if (projectId.value !== undefined) return { projectId: projectId.value };
  if (projectSlug.value !== undefined) return { projectSlug: projectSlug.value };
  const hint = "Give --project-id or --project-slug, or set INFISICAL_PROJECT_ID";
  const visible = await client()
    .projects.list()
    .catch((error: unknown) => {
      if (error instanceof PermissionError)
        throw usage("No project is named, and this identity may not list them", hint);
      throw error;
    });
  const [only] = visible;
  if (!only) throw usage("No project is named, and this identity sees none", hint);
  if (visible.length > 1) {
    const slugs = visible.map(({ slug }) => slug).sort();
    throw usage(`No project is named, and this identity sees ${visible.length}: ${slugs.join(", ")}`, hint);
  }
  note(`using project ${only.slug}, the only one this identity sees`);
  return { projectId: only.id };
}

function placeFlags({ environment, path, projectId, projectSlug }: Settings): string {
  const project =
    projectId.from === "--project-id"
      ? ` --project-id ${projectId.value}`
      : projectSlug.from === "--project-slug"
        ? ` --project-slug ${projectSlug.value}`
        : "";
  return `-e ${environment.value} -p ${path.value}${project}`;
}

function milliseconds(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text.trim()) ?? [];
  const factor = { ms: 1, s: 1000, m: 60_000 }[unit ?? ""];
  if (!amount || !factor) throw usage(`--timeout ${text} is not a duration with a unit`, "For example --timeout 30s");
  return Number(amount) * factor;
}
