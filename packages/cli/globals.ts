/** The flags that every command takes. */

/** Values of the global flags; all are texts as they were typed. */
export interface GlobalFlags {
  domain?: string;
  token?: string;
  env?: string;
  path?: string;
  projectId?: string;
  projectSlug?: string;
  output?: string;
  json?: boolean;
  show?: boolean;
  silent?: boolean;
  logLevel?: string;
  logFormat?: string;
  logDestination?: string;
  timeout?: string;
  input?: boolean;
  nonInteractive?: boolean;
  color?: boolean;
  yes?: boolean;
}

/** How a flag is written and what it is for. Hidden ones are accepted and not advertised. */
export interface FlagSpec {
  flags: string;
  help: string;
  hidden?: boolean;
  /** May be given several times. */
  many?: boolean;
}

export const globalFlags: FlagSpec[] = [
  { flags: "--domain <url>", help: "the server's address" },
  { flags: "--token <token>", help: "an access token, instead of a sign-in" },
  { flags: "-e, --env <slug>", help: 'the environment (default "dev")' },
  { flags: "-p, --path <path>", help: 'the folder (default "/")' },
  { flags: "--project-id <id>", help: "the project, by id" },
  { flags: "--projectId <id>", help: "the same", hidden: true },
  { flags: "--project-slug <slug>", help: "the project, by slug" },
  { flags: "-o, --output <format>", help: "table, json, yaml, dotenv, dotenv-export or plain" },
  { flags: "--json", help: "the same as -o json" },
  { flags: "--show", help: "show values on a terminal" },
  { flags: "--silent", help: "no notes" },
  { flags: "-l, --log-level <level>", help: "debug shows each request" },
  { flags: "--log-format <format>", help: "text or json" },
  { flags: "--log-destination <file>", help: "where the log goes, instead of stderr" },
  { flags: "--timeout <duration>", help: "longest wait for the server (default 30s)" },
  { flags: "--no-input", help: "never ask; fail instead" },
  { flags: "--non-interactive", help: "the same", hidden: true },
  { flags: "--no-color", help: "no colours" },
  { flags: "--yes", help: "answer yes where a command would ask" },
];
