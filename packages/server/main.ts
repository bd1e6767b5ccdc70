/** Runs a server by the environment's settings, until a signal ends it. */
import { fileURLToPath } from "node:url";
import { BadSettings, readSettings } from "./config.ts";
import { describeError } from "./log.ts";
import { BadRootKey } from "./root-key.ts";
import { startServer } from "./server.ts";
import { stopOnSignal } from "./shutdown.ts";

/** Starts; what is wrong is said in words, without a stack, and ends the process with a code. */
export async function main(): Promise<void> {
  try {
    const running = await startServer(readSettings(process.env));
    stopOnSignal(running.stop, (error) => process.stderr.write(`${JSON.stringify(describeError(error))}\n`));
    if (running.bootstrap !== null) {
      process.stderr.write(`First start: the admin's password is in ${running.settings.dataDir}/bootstrap.json\n`);
    }
    if (running.keyFile !== null) process.stderr.write(`Back up the root key: ${running.keyFile}\n`);
  } catch (error) {
    const known = error instanceof BadSettings || error instanceof BadRootKey || isOurs(error);
    process.stderr.write(known ? `dayfly: ${(error as Error).message}\n` : `${JSON.stringify(describeError(error))}\n`);
    process.exitCode = 1;
  }
}

/** Errors of the store's start speak to the operator and carry no secret. */
function isOurs(error: unknown): boolean {
  const names = ["WrongRootKey", "Unavailable", "CannotRunHere", "DidNotStart", "InUseElsewhere", "NotDurable"];
  return error instanceof Error && names.includes(error.name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
