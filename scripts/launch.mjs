/**
 * Brings a script from whatever Node the machine has to the Node this project is pinned to.
 *
 * Installs what is missing, starts the script as a child under the pinned Node, hands signals on and ends with its
 * code. Like everything that runs before the dependencies are there: plain JavaScript, nothing from outside Node.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { installDependencies } from "./dependencies.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldest = 24;

/**
 * Runs `script` (from the checkout's root) with this process's arguments, and ends this process with its code. The module
 * `before`, where there is one, is run ahead of it.
 */
export async function launch(script, before) {
  try {
    if (await installDependencies(root)) run(pinnedNode(), script, before);
    else process.exitCode = 130;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

function pinnedNode() {
  const pinned = join(root, "node_modules/.bin", process.platform === "win32" ? "node.cmd" : "node");
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split(".")[0]) >= oldest) return process.execPath;
  throw new Error(
    `There is no packaged Node ${oldest} for ${process.platform}-${process.arch}: install Node ${oldest} and run this again.`,
  );
}

function run(node, script, before) {
  // SIGUSR1 would open the inspector, and with it every key in memory, to any process of this user.
  const args = ["--disable-sigusr1", join(root, script), ...process.argv.slice(2)];
  if (before) args.unshift(`--import=${pathToFileURL(join(root, before))}`);
  // The channel carries nothing: its end tells the child that we are gone, however we went.
  const child = spawn(node, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
