/**
 * Settings, read from the environment once. Owns names, defaults and bounds; the rest of the server sees only `Settings`.
 * Every fault is told in one go, none with the value it concerns. Key material is taken out of the environment here.
 */
import { createSecretKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { readTtl } from "@dayfly/contract";
import { z } from "zod";
import { isLoopback } from "./loopback.ts";

/** Settings that cannot be used; the message lists every fault. */
export class BadSettings extends Error {
  override name = "BadSettings";
}

const flag = z
  .string()
  .toLowerCase()
  .pipe(z.enum(["true", "false"], 'must be "true" or "false"'))
  .transform((text) => text === "true");
const count = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.int().min(min).max(max));
const ttlSeconds = z.string().transform((text, context) => {
  const seconds = /^\s*[\d.]+\s*$/.test(text) ? null : readTtl(text);
  if (seconds === null || seconds < 1) {
    context.addIssue({ code: "custom", message: 'must be a duration with its unit, at least 1s, such as "60s"' });
  }
  return seconds ?? 0;
});
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

/** An address, a range of them such as `10.0.0.0/8`, or one of the names that Fastify knows. */
function isProxy(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [address = "", length, ...more] = text.split("/");
  const bits = { 4: 32, 6: 128 }[isIP(address)];
  if (bits === undefined || more.length > 0) return false;
  return length === undefined || (/^[1-9]\d{0,2}$/.test(length) && Number(length) <= bits);
}

/** What others prove themselves with: long enough not to be guessed, and fit for a header. */
const shared = z.string().regex(/^[\x21-\x7e]{32,}$/, "must be at least 32 characters, without blanks");

/** Over TLS, or not beyond this machine. */
function isPrivateWay(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || isLoopback(hostname.replace(/^\[|\]$/g, ""));
}

/** Every setting there is, with its default. Each can also be given as the name of a file, in `<NAME>_FILE`. */
export const schema = z.object({
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: count(0, 65_535).optional(),
  SITE_URL: z.url({ protocol: /^https?$/ }).optional(),
  DAYFLY_DATA_DIR: z.string().min(1).default("./.data"),
  DB_CONNECTION_URI: z
    .url({ protocol: /^postgres(ql)?$/, error: "must be like postgres://user@host/database" })
    .optional(),
  ENCRYPTION_KEY: z.string().optional(),
  ROOT_ENCRYPTION_KEY: z.string().optional(),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  TRUSTED_PROXIES: list
    .refine((proxies) => proxies.every(isProxy), "must be addresses or ranges, such as 10.0.0.1, 10.1.0.0/16")
    .default([]),
  MIN_LEASE_TTL: ttlSeconds.default(60),
  MAX_LEASE_LIMIT: count(1, 10_000_000).default(10_000),
  MAX_PROJECT_LEASES: count(1, 10_000_000).default(100_000),
  MAX_IDENTITY_LEASES: count(1, 10_000_000).default(10_000),
  LEASE_HISTORY_DAYS: count(1, 36_500).default(400),
  HIDE_ROOT_CREDENTIALS: flag.default(false),
  REQUIRE_TARGET_TLS: flag.default(false),
  ALLOW_LOOPBACK_TARGETS: flag.default(false),
  ALLOW_PLAIN_HTTP: flag.default(false),
  METRICS_TOKEN: shared.optional(),
  ALERT_WEBHOOK_URL: z
    .url({ protocol: /^https?$/, error: "must be like https://host/path" })
    .refine(isPrivateWay, "must be https, or http to this machine")
    .optional(),
  ALERT_WEBHOOK_SECRET: shared.optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/** Names of others' programs that start like ours. */
const elsewhere = ["DAYFLY_CACHE"];
/** Already the name of a file, or too long-lived to be read from one. */
const withoutFile = ["TLS_CERT_FILE", "TLS_KEY_FILE", "DAYFLY_DATA_DIR"];
const keyNames = ["ENCRYPTION_KEY", "ROOT_ENCRYPTION_KEY"] as const;
/** Taken out of the environment once they are read; the address of a webhook may carry a token. */
const secretNames = ["METRICS_TOKEN", "ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET"];

/** What the server runs by. */
export interface Settings {
  host: string;
  /** undefined: 8080, or the next free one. */
  port: number | undefined;
  siteUrl: string | undefined;
  dataDir: string;
  /** undefined: the embedded database. */
  databaseUri: string | undefined;
  /** Where the root key comes from; undefined: the key file in the data directory. */
  rootKey: { text: string } | { file: string } | undefined;
  tls: { certFile: string; keyFile: string } | undefined;
  trustedProxies: string[];
  /** Seconds. */
  minLeaseTtl: number;
  /** Live leases, at most: of a dynamic secret, in a project, held by one identity. */
  maxLeases: number;
  maxProjectLeases: number;
  maxIdentityLeases: number;
  leaseHistoryDays: number;
  hideRootCredentials: boolean;
  requireTargetTls: boolean;
  allowLoopbackTargets: boolean;
  allowPlainHttp: boolean;
  /** What a caller of /metrics shows; undefined: there are no metrics. */
  metricsToken: string | undefined;
  /** Whom alerts are delivered to; undefined: nobody. */
  webhook: { url: string; secret: KeyObject } | undefined;
  logLevel: string;
}

/**
 * Reads the settings and deletes key material from `env`.
 * @throws BadSettings
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const faults: string[] = [];
  const given = gather(env, faults);
  const rootKey = takeRootKey(env, faults);
  const parsed = schema.safeParse(given);
  if (!parsed.success) faults.push(...parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`));
  if ((given.TLS_CERT_FILE === undefined) !== (given.TLS_KEY_FILE === undefined)) {
    faults.push("TLS_CERT_FILE and TLS_KEY_FILE: give both or neither");
  }
  if ((given.ALERT_WEBHOOK_URL === undefined) !== (given.ALERT_WEBHOOK_SECRET === undefined)) {
    faults.push("ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET: give both or neither");
  }
  if (!parsed.success || faults.length > 0)
    throw new BadSettings(`settings:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  const values = parsed.data;
  return {
    host: values.HOST,
    port: values.PORT,
    siteUrl: values.SITE_URL,
    dataDir: resolve(values.DAYFLY_DATA_DIR),
    databaseUri: values.DB_CONNECTION_URI,
    rootKey,
    tls:
      values.TLS_CERT_FILE !== undefined && values.TLS_KEY_FILE !== undefined
        ? { certFile: values.TLS_CERT_FILE, keyFile: values.TLS_KEY_FILE }
        : undefined,
    trustedProxies: values.TRUSTED_PROXIES,
    minLeaseTtl: values.MIN_LEASE_TTL,
    maxLeases: values.MAX_LEASE_LIMIT,
    maxProjectLeases: values.MAX_PROJECT_LEASES,
    maxIdentityLeases: values.MAX_IDENTITY_LEASES,
    leaseHistoryDays: values.LEASE_HISTORY_DAYS,
    hideRootCredentials: values.HIDE_ROOT_CREDENTIALS,
    requireTargetTls: values.REQUIRE_TARGET_TLS,
    allowLoopbackTargets: values.ALLOW_LOOPBACK_TARGETS,
    allowPlainHttp: values.ALLOW_PLAIN_HTTP,
    metricsToken: values.METRICS_TOKEN,
    webhook:
      values.ALERT_WEBHOOK_URL !== undefined && values.ALERT_WEBHOOK_SECRET !== undefined
        ? { url: values.ALERT_WEBHOOK_URL, secret: createSecretKey(values.ALERT_WEBHOOK_SECRET, "utf8") }
        : undefined,
    logLevel: values.LOG_LEVEL,
  };
}

function gather(env: NodeJS.ProcessEnv, faults: string[]): Record<string, string | undefined> {
  const known = Object.keys(schema.shape);
  const fileNames = known.filter((name) => !withoutFile.includes(name)).map((name) => `${name}_FILE`);
  for (const name of Object.keys(env)) {
    if (name.startsWith("DAYFLY_") && ![...known, ...fileNames, ...elsewhere].includes(name)) {
      faults.push(`${name}: there is no such setting`);
    }
  }
  const given: Record<string, string | undefined> = {};
  for (const name of known) {
    if (keyNames.includes(name as (typeof keyNames)[number])) continue;
    // An empty value is how compose files and shells say "not set".
    const value = env[name] || undefined;
    if (secretNames.includes(name)) delete env[name];
    const file = withoutFile.includes(name) ? undefined : env[`${name}_FILE`] || undefined;
    if (value !== undefined && file !== undefined) faults.push(`${name}: give ${name} or ${name}_FILE, not both`);
    given[name] = file === undefined ? value : readSettingFile(`${name}_FILE`, file, faults);
  }
  return given;
}

function takeRootKey(env: NodeJS.ProcessEnv, faults: string[]): Settings["rootKey"] {
  const sources: NonNullable<Settings["rootKey"]>[] = [];
  for (const name of keyNames) {
    const text = env[name];
    const file = env[`${name}_FILE`];
    delete env[name];
    if (file) sources.push({ file: resolve(file) });
    if (text) sources.push({ text });
  }
  if (sources.length > 1) faults.push(`give one of ${keyNames.flatMap((name) => [`${name}_FILE`, name]).join(", ")}`);
  return sources[0];
}

function readSettingFile(name: string, file: string, faults: string[]): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    faults.push(`${name}: cannot read the file (${(error as NodeJS.ErrnoException).code})`);
    return undefined;
  }
}
