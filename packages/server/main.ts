/** Runs a server by the environment's settings, until a signal ends it. */
import { isUnavailable } from "@dayfly/store";
import { BadSettings, readSettings } from "./config.ts";
import { describeError } from "./log.ts";
import { BadRootKey } from "./root-key.ts";
import { type StartOptions, startServer } from "./server.ts";
import { stopOnSignal } from "./shutdown.ts";

/** Starts; what is wrong is said in words, without a stack, and ends the process with a code. */
export async function main(options: StartOptions = {}): Promise<void> {
  try {
    const running = await startServer(readSettings(process.env), options);
    stopOnSignal(running.stop, (error) => process.stderr.write(`${JSON.stringify(describeError(error))}\n`));
    if (running.bootstrap !== null) {
      process.stderr.write(`First start: the admin's password is in ${running.settings.dataDir}/bootstrap.json\n`);
    }
    if (running.keyFile !== null) process.stderr.write(`Back up the root key: ${running.keyFile}\n`);
  } catch (error) {
    process.stderr.write(`${saying(error)}\n`);
    process.exitCode = 1;
  }
}

/** Errors that speak to the operator, and carry no secret. */
const spoken = ["WrongRootKey", "CannotRunHere", "DidNotStart", "InUseElsewhere", "NotDurable", "OtherVersion"];

function saying(error: unknown): string {
  if (error instanceof BadSettings || error instanceof BadRootKey) return `dayfly: ${error.message}`;
  if (error instanceof Error && spoken.includes(error.name)) return `dayfly: ${error.message}`;
  if (isUnavailable(error)) {
    const { code } = error as { code?: string };
    return `dayfly: the database cannot be reached${code ? ` (${code})` : ""}: is it up, and is DB_CONNECTION_URI right?`;
  }
  return JSON.stringify(describeError(error));
}
