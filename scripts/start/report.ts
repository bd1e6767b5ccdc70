/** What `npm start` prints, line by line. Knows the words and the columns, and makes nothing. */
import { isAbsolute, relative } from "node:path";
import type { Findings } from "./demo.ts";
import type { MainJob } from "./main-job.ts";

/** What there is to tell once the server answers. */
export interface Started {
  version: string;
  seconds: number;
  postgres: string;
  url: string;
  dataDir: string;
  /** The root key's file, or null when the key came from the environment. */
  keyFile: string | null;
  /** Set on the first start only. */
  admin: { email: string; password: string } | null;
  demo: boolean;
}

/** The lines about the server. A password is among them only if `toTerminal`: what is not a terminal keeps what it reads. */
export function startedLines(started: Started, toTerminal: boolean): string[] {
  const { version, seconds, postgres, url, admin, keyFile } = started;
  const show = (name: string) => shown(`${started.dataDir}/${name}`);
  const node = process.versions.node;
  return [
    `Dayfly ${version}   ready in ${seconds.toFixed(1)} s   Node ${node} (fixes since: use the image in production)   ${postgres}`,
    ...(started.demo
      ? [row("Shell", `. ${show("demo.env")}`, "adds dayfly and infisical to PATH; host, identity, project, PGHOST")]
      : []),
    row("API", url, `described at ${url}/openapi.json`),
    ...(admin ? [row("Admin", who(admin, toTerminal), `kept in ${show("bootstrap.json")} (0600)`)] : []),
    ...(keyFile
      ? [row("Key", shown(keyFile), "back up this key file: without it nothing of the data can be opened")]
      : []),
  ];
}

/** The lines about the main job: every step with its milliseconds, and the first that failed. */
export function mainJobLines(job: MainJob, findings: Findings | null): string[] {
  const about = (name: string) => {
    const sessions = findings?.sessionsEnded;
    if (name !== "revoke" || !sessions) return "";
    return ` (${sessions} ${sessions === 1 ? "session" : "sessions"} ended), proven gone`;
  };
  const steps = job.steps.map(({ name, ms }) => `${name} ${ms.toFixed(ms < 10 ? 1 : 0)} ms${about(name)}`);
  return [
    `Main job     ${job.secret} -> ${job.target}`,
    `  ${steps.join("   ")}`,
    ...(job.failure ? [`  FAILED at "${job.failure.step}": ${job.failure.message}`, "  The server stays up."] : []),
    ...(findings?.advice ? [`  note  ${findings.advice}`] : []),
  ];
}

/** What a person can do next. */
export function tryLines(demo: boolean, dataDir: string): string[] {
  if (!demo)
    return [`Try          the identity in ${shown(`${dataDir}/bootstrap.json`)} signs in; npm start adds the demo`];
  return [
    "Try          infisical secrets get --path=/database/dynamic --env=prod",
    "             PGUSER=… PGPASSWORD=… psql -c 'select * from orders'      with the leased username and password",
    "             dayfly dynamic-secrets lease list postgres-readonly-access --path=/database/dynamic --env=prod",
    "Ctrl-C       revokes the demo's leases and stops both databases; the next start finds everything",
  ];
}

function who({ email, password }: { email: string; password: string }, toTerminal: boolean): string {
  return toTerminal ? `${email} / ${password}` : email;
}

const row = (name: string, value: string, about: string) => `  ${name.padEnd(11)}${value.padEnd(30)}  ${about}`;

/** As a person in this folder would write it. */
function shown(file: string): string {
  const from = relative(process.cwd(), file);
  return from.startsWith("..") || isAbsolute(from) ? file : from;
}
