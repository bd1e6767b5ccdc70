/**
 * Which value wins: flag, environment, project file, user file, the local server's address file.
 *
 * Owns the order and the names. It reads nothing itself and asks no server. There is no default domain: a secret must
 * never go to whatever happens to listen on a usual port.
 */
import { usage } from "./exit.ts";
import type { Found } from "./files.ts";

/** A value and where it came from. */
export interface Setting {
  value: string | undefined;
  from: string;
  /** How strong its source is: the smaller wins. */
  rank: number;
}

/** Every setting, by name. */
export type Settings = Record<SettingName, Setting>;

type SettingName = keyof typeof table;

interface Sources {
  flags: Record<string, unknown>;
  env: Record<string, string | undefined>;
  projectFile: Found | null;
  userFile: Found | null;
  session: Found | null;
  localServer: Found | null;
}

/** Where each setting may come from. Keys of files are listed only where a file may set it. */
const table = {
  domain: {
    flag: "--domain",
    env: ["INFISICAL_DOMAIN", "INFISICAL_API_URL"],
    project: "domain",
    user: "domain",
    session: "domain",
    local: "domain",
  },
  token: { flag: "--token", env: ["INFISICAL_TOKEN"] },
  clientId: { env: ["INFISICAL_UNIVERSAL_AUTH_CLIENT_ID"] },
  clientSecret: { env: ["INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"] },
  projectId: { flag: "--project-id", env: ["INFISICAL_PROJECT_ID"], project: "workspaceId", user: "projectId" },
  projectSlug: { flag: "--project-slug", env: ["INFISICAL_PROJECT_SLUG"], user: "projectSlug" },
  environment: {
    flag: "--env",
    env: ["INFISICAL_ENVIRONMENT"],
    project: "defaultEnvironment",
    user: "environment",
    fallback: "dev",
  },
  path: { flag: "--path", env: ["INFISICAL_SECRET_PATH"], user: "path", fallback: "/" },
  logLevel: { flag: "--log-level", env: ["LOG_LEVEL"], fallback: "info" },
  logFormat: { flag: "--log-format", env: ["LOG_FORMAT"], fallback: "text" },
} satisfies Record<string, Row>;

interface Row {
  flag?: string;
  env?: string[];
  project?: string;
  user?: string;
  session?: string;
  local?: string;
  fallback?: string;
}

/** Names whose value is shown to nobody. */
export const secretSettings: ReadonlySet<string> = new Set(["token", "clientSecret"]);

/** Decides every setting. */
export function decide(sources: Sources): Settings {
  const names = Object.keys(table) as SettingName[];
  const settings = Object.fromEntries(names.map((name) => [name, first(table[name], name, sources)])) as Settings;
  keepOneProject(settings);
  if (settings.domain.value !== undefined) settings.domain.value = origin(settings.domain);
  return settings;
}

const order = ["flag", "env", "project", "user", "session", "local", "fallback"] as const;

function* candidates(row: Row, name: string, sources: Sources): Generator<Setting> {
  const found = (value: unknown, from: string, kind: (typeof order)[number]): Setting => ({
    value: text(value),
    from,
    rank: order.indexOf(kind),
  });
  const files = {
    project: sources.projectFile,
    user: sources.userFile,
    session: sources.session,
    local: sources.localServer,
  };
  if (row.flag) yield found(sources.flags[name === "environment" ? "env" : name], row.flag, "flag");
  for (const key of row.env ?? []) yield found(sources.env[key], key, "env");
  for (const [kind, file] of Object.entries(files) as [keyof typeof files, Found | null][]) {
    const key = row[kind];
    if (key && file) yield found(file.values[key], file.path, kind);
  }
  yield found(row.fallback, "default", "fallback");
}

function first(row: Row, name: string, sources: Sources): Setting {
  for (const setting of candidates(row, name, sources)) if (setting.value !== undefined) return setting;
  return { value: undefined, from: "not set", rank: order.length };
}

/** An id and a slug both name the project; the one from the stronger source wins, the id where they are equal. */
function keepOneProject(settings: Settings): void {
  const { projectId, projectSlug } = settings;
  if (projectId.value === undefined || projectSlug.value === undefined) return;
  const [winner, loser] = projectSlug.rank < projectId.rank ? [projectSlug, projectId] : [projectId, projectSlug];
  Object.assign(loser, { value: undefined, from: `overruled by ${winner.from}` });
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** `https://host/api` and `https://host/` both mean `https://host`. */
function origin({ value, from }: Setting): string {
  const bare = value!
    .replace(/\/+$/, "")
    .replace(/\/api$/, "")
    .replace(/\/+$/, "");
  if (!URL.canParse(bare) || !/^https?:$/.test(new URL(bare).protocol)) {
    throw usage(`The domain from ${from} is not a URL`, "Give one such as https://secrets.example.com");
  }
  return bare;
}
