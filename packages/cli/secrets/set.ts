/** `secrets set`: creates and changes secrets, and says of each which it was. Values are not printed. */
import type { Secret } from "@dayfly/sdk";
import { readDotenv } from "../dotenv.ts";
import { CliError, usage } from "../exit.ts";
import { type Columns, formatOf, MASK, printRows, printTable } from "../formats.ts";
import { readFileOrStdin, readGiven } from "../given.ts";
import type { Invocation } from "../invocation.ts";
import type { Where } from "../place.ts";

interface Flags {
  file?: string;
  type?: string;
  showValues?: boolean;
  createFolders?: boolean;
}

interface Row {
  secretKey: string;
  secretValue: string;
  status: string;
}

const columns: Columns<Row> = [
  ["SECRET NAME", (row) => row.secretKey],
  ["SECRET VALUE", (row) => row.secretValue],
  ["STATUS", (row) => row.status],
];

/** Sets every secret that was given; one that is set already is left alone. */
export async function setSecrets(run: Invocation<Flags>, args: string[]): Promise<void> {
  const format = formatOf(run, "table");
  if (format.startsWith("dotenv")) throw usage("The result of a set has no dotenv form", "Use -o json");
  const values = await given(run, args);
  const where = await run.where();
  const type = secretType(run.flags.type);
  const own = type === "personal" ? { includePersonalOverrides: true } : {};
  const secrets = await run.client().secrets.list({ ...where, ...own, expandSecretReferences: false });
  // A shared secret is there to be overridden; what is changed is only what is of the same type.
  const ofType = secrets.filter((secret) => secret.type === type);
  const existing = new Map(ofType.map((secret) => [secret.secretKey, secret]));
  if (secrets.length === 0) await noteMissingFolder(run, where);

  const rows: Row[] = [];
  try {
    for (const [name, value] of values) {
      const status = await setOne(run, where, name, value, type, existing.get(name));
      rows.push({ secretKey: name, secretValue: run.flags.showValues ? value : MASK, status });
    }
  } finally {
    // What was set before a failure is set, so it is told.
    if (rows.length > 0) await (format === "table" ? printTable(run, rows, columns) : printRows(run, rows, columns));
  }
}

async function setOne(
  run: Invocation,
  where: Where,
  name: string,
  secretValue: string,
  type: "shared" | "personal",
  before: Secret | undefined,
): Promise<string> {
  const { secrets } = run.client();
  if (before?.secretValue === secretValue) return "SECRET VALUE UNCHANGED";
  await (before ? secrets.update : secrets.create)(name, { ...where, secretValue, type });
  return before ? "SECRET VALUE MODIFIED" : "SECRET CREATED";
}

async function given(run: Invocation<Flags>, args: string[]): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  if (run.flags.file !== undefined) {
    for (const [name, value] of readDotenv(await readFileOrStdin(run, run.flags.file))) values.set(name, value);
  }
  for (const argument of args) {
    const { name, value } = await readGiven(run, argument);
    values.set(name, value);
  }
  if (values.size === 0) throw usage("There is nothing to set", "Give NAME=value, NAME=@file, NAME=- or --file FILE");
  for (const value of values.values()) run.redactor.add(value);
  return values;
}

/** The server makes missing folders; a typing error in a path should not go unseen. */
async function noteMissingFolder(run: Invocation<Flags>, where: Where): Promise<void> {
  const path = `/${where.path.replace(/^\/+|\/+$/g, "")}`;
  if (path === "/") return;
  const at = path.lastIndexOf("/");
  const siblings = await run.client().folders.list({ ...where, path: path.slice(0, at) || "/" });
  if (siblings.some(({ name }) => name === path.slice(at + 1))) return;
  if (run.flags.createFolders === false)
    throw new CliError("notFound", `There is no folder ${path} in ${where.environmentSlug}`);
  run.note(`note: making the folder ${path} in ${where.environmentSlug}`);
}

function secretType(type = "shared"): "shared" | "personal" {
  if (type === "shared" || type === "personal") return type;
  throw usage(`The type ${type} is neither shared nor personal`);
}
