/** What `npm start` was told, by flags after `--` and by the environment. */
import { parseArgs } from "node:util";

/** The flags. Settings of the server itself come from the environment, as in production. */
export interface Options {
  /** With the demo's database, project and main job. */
  demo: boolean;
  /** Make the demo's database anew. */
  resetDemo: boolean;
  help: boolean;
}

/** Told to a person who asks. */
export const usage = `npm start [-- flags]

Starts Dayfly on this machine with a database of its own, and a demo: a second PostgreSQL with the database "orders",
the project my-project and its dynamic secret postgres-readonly-access. Then does the main job once and stays up.

  --no-demo      only the server: no demo database, no project
  --reset-demo   make the database "orders" anew, as it was at first
  --help         this

  PORT             default 8080, or the next free one
  DAYFLY_DATA_DIR  default ./.data
  All settings: docs/guides/configuration.md`;

const flags = {
  "no-demo": { type: "boolean", default: false },
  "reset-demo": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/**
 * Reads the flags.
 * @throws TypeError for one that is not there
 */
export function readOptions(args: string[]): Options {
  const { values } = read(args);
  if (values["no-demo"] && values["reset-demo"]) throw new TypeError("--no-demo and --reset-demo exclude each other");
  return { demo: !values["no-demo"], resetDemo: values["reset-demo"], help: values.help };
}

function read(args: string[]) {
  try {
    return parseArgs({ args, options: flags });
  } catch (error) {
    throw new TypeError(`${(error as Error).message}\nThe flags: npm start -- --help`);
  }
}
