/**
 * Ready-made texts to connect with. Each is quoted by the rules of the program that will read it.
 */
import type { Issued } from "../../define.ts";
import type { Config } from "../inputs.ts";

type Format = (config: Config, data: Issued["data"]) => string;

const url: Format = (config, data) => {
  const user = encodeURIComponent(data.DB_USERNAME!);
  const password = encodeURIComponent(data.DB_PASSWORD!);
  const mode = sslMode(config);
  return `postgresql://${user}:${password}@${authority(config)}/${encodeURIComponent(config.database)}${mode && `?sslmode=${mode}`}`;
};

/** By name; `url` is the one that most programs take. */
export const formats: Record<string, Format> = {
  url,
  jdbc: (config, data) => {
    const mode = sslMode(config);
    const query = new URLSearchParams({ user: data.DB_USERNAME!, password: data.DB_PASSWORD! });
    if (mode) query.set("sslmode", mode);
    return `jdbc:postgresql://${authority(config)}/${encodeURIComponent(config.database)}?${query.toString().replaceAll("+", "%20")}`;
  },
  libpq: (config, data) => {
    const variables: [string, string][] = [
      ["PGHOST", config.host],
      ["PGPORT", String(config.port)],
      ["PGDATABASE", config.database],
      ["PGUSER", data.DB_USERNAME!],
      ["PGPASSWORD", data.DB_PASSWORD!],
    ];
    const mode = sslMode(config);
    if (mode) variables.push(["PGSSLMODE", mode]);
    return variables.map(([key, value]) => `${key}=${shell(value)}`).join("\n");
  },
  pgpass: (config, data) =>
    [config.host, String(config.port), config.database, data.DB_USERNAME!, data.DB_PASSWORD!]
      .map((field) => field.replace(/[\\:]/g, (char) => `\\${char}`))
      .join(":"),
  psql: (config, data) => {
    const mode = sslMode(config);
    const before = `PGPASSWORD=${shell(data.DB_PASSWORD!)}${mode && ` PGSSLMODE=${mode}`}`;
    return `${before} psql -h ${shell(config.host)} -p ${config.port} -U ${shell(data.DB_USERNAME!)} -d ${shell(config.database)}`;
  },
  dotnet: (config, data) => {
    const mode = config.sslEnabled === undefined ? "" : config.sslEnabled ? ";SSL Mode=Require" : ";SSL Mode=Disable";
    const pairs = {
      Host: config.host,
      Port: String(config.port),
      Database: config.database,
      Username: data.DB_USERNAME!,
      Password: data.DB_PASSWORD!,
    };
    const text = Object.entries(pairs).map(([key, value]) => `${key}="${value.replaceAll('"', () => '""')}"`);
    return text.join(";") + mode;
  },
  prisma: (config, data) => {
    const link = url(config, data);
    return `DATABASE_URL="${link}${link.includes("?") ? "&" : "?"}schema=public"`;
  },
};

/** What a client must be told about TLS; unset leaves it to the client, as the config left it to us. */
function sslMode({ sslEnabled }: Config): string {
  if (sslEnabled === undefined) return "";
  return sslEnabled ? "require" : "disable";
}

function authority({ host, port }: Config): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** A word for a POSIX shell. */
function shell(value: string): string {
  return `'${value.replaceAll("'", () => `'\\''`)}'`;
}
