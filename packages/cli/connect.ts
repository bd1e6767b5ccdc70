/** The way to the server: its address, who signs in there, and how patiently it is asked. */
import { type Credentials, Dayfly } from "@dayfly/sdk";
import { CliError, usage } from "./exit.ts";
import type { GlobalFlags } from "./globals.ts";
import type { Logger } from "./log.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import type { World } from "./world.ts";

/** What a connection follows from. */
export interface Basis {
  world: World;
  flags: GlobalFlags;
  settings: Settings;
  session: Session | null;
  /** Why the stored session cannot be used. */
  sessionFault: CliError | undefined;
  log: Logger;
  /** A line that `--silent` does not drop. */
  warn(text: string): void;
}

/** A client for the server in force. @throws CliError that says what to set. */
export function connect(basis: Basis, credentials: Credentials = credentialsOf(basis)): Dayfly {
  const { world, flags, log } = basis;
  return new Dayfly({
    host: domainOf(basis),
    ...credentials,
    signal: world.signal,
    userAgent: "dayfly-cli",
    patience: { totalMs: milliseconds(flags.timeout ?? "30s") },
    onTry: log.request,
  });
}

/** The server's address. @throws CliError that says what to set. */
export function domainOf({ settings, warn }: Pick<Basis, "settings" | "warn">): string {
  const { value, from } = settings.domain;
  if (value === undefined) {
    const hint = "Set INFISICAL_DOMAIN, give --domain URL, or load a shell with: . .data/demo.env";
    throw usage("No server is named", hint);
  }
  // A project file is committed, so its author decides where this machine's credentials go.
  if (from.endsWith(".infisical.json")) {
    warn(`the server ${value} is named by ${from}; --domain or INFISICAL_DOMAIN wins`);
  }
  const { protocol, hostname } = new URL(value);
  if (protocol === "http:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    warn(`${value} is not TLS: what is sent there can be read on the way`);
  }
  return value;
}

/** Token, else client id and secret, else the stored session, which is only for the server that gave it. */
function credentialsOf(basis: Basis): Credentials {
  const { settings, session, sessionFault, world } = basis;
  const { token, clientId, clientSecret } = settings;
  const domain = domainOf(basis);
  if (token.value !== undefined) return { token: token.value };
  if (clientId.value !== undefined && clientSecret.value !== undefined) {
    return { clientId: clientId.value, clientSecret: clientSecret.value };
  }
  const signIn = "Sign in with: dayfly login --method universal-auth --client-id ID";
  const half = [clientId, clientSecret].find(({ value }) => value !== undefined);
  if (half) throw new CliError("notSignedIn", `Only half of the client id and secret is set (${half.from})`, signIn);
  if (sessionFault) throw sessionFault;
  if (!session) throw new CliError("notSignedIn", "Not signed in", signIn);
  if (session.domain !== domain) {
    throw new CliError("notSignedIn", `Signed in to ${session.domain}, not to ${domain}`, signIn);
  }
  if (new Date(session.expiresAt) <= world.now()) {
    throw new CliError("notSignedIn", `The session expired at ${session.expiresAt}`, signIn);
  }
  return { token: session.token };
}

function milliseconds(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text.trim()) ?? [];
  const factor = { ms: 1, s: 1000, m: 60_000 }[unit ?? ""];
  if (!amount || !factor) throw usage(`--timeout ${text} is not a duration with a unit`, "For example --timeout 30s");
  return Number(amount) * factor;
}
