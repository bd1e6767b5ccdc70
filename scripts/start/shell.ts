/**
 * `demo.env`: one file to load, and every command and example of the documents runs as written in that shell.
 *
 * Owns the names. It holds the client secret of the demo's identity, so nobody else may read it.
 */
import { renameSync, writeFileSync } from "node:fs";

/** What the shell is told about. */
export interface Shell {
  url: string;
  projectId: string;
  clientId: string;
  clientSecret: string;
  /** The folder with dayfly and infisical. */
  bin: string;
  target: { host: string; port: number; database: string };
}

/** Writes `demo.env`, whole or not at all. */
export function writeShell(file: string, shell: Shell): void {
  writeFileSync(`${file}.new`, shellText(shell), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The text of `demo.env`. */
export function shellText({ url, projectId, clientId, clientSecret, bin, target }: Shell): string {
  const names = {
    INFISICAL_DOMAIN: url,
    INFISICAL_HOST: url,
    INFISICAL_PROJECT_ID: projectId,
    INFISICAL_UNIVERSAL_AUTH_CLIENT_ID: clientId,
    INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET: clientSecret,
    INFISICAL_CLIENT_ID: clientId,
    INFISICAL_CLIENT_SECRET: clientSecret,
    PGHOST: target.host,
    PGPORT: `${target.port}`,
    PGDATABASE: target.database,
  };
  return [
    "# Load it with: . .data/demo.env",
    "# Written at each start. It holds a client secret.",
    ...Object.entries(names).map(([name, value]) => `export ${name}=${quoted(value)}`),
    // Loading it twice must not make the PATH longer.
    `case ":$PATH:" in *:${quoted(bin)}:*) ;; *) export PATH=${quoted(bin)}:"$PATH" ;; esac`,
    "# These would win over what is above.",
    "unset INFISICAL_API_URL INFISICAL_TOKEN",
    "",
  ].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
