/**
 * `npm start`: the server on this machine with everything it needs, and the main job done once to see.
 *
 * Owns the order: server and demo database start side by side, then the demo over HTTP, then the report. The server
 * stays up whatever happens to the demo.
 */
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Dayfly } from "@dayfly/sdk";
import { type Running, readSettings, startServer } from "@dayfly/server";
import { closeDemo, findingsOn, openDemo } from "./demo.ts";
import { onEnding } from "./ending.ts";
import { doMainJob } from "./main-job.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { type Orders, startOrders } from "./orders.ts";
import { mainJobLines, startedLines, tryLines } from "./report.ts";

const root = dirname(dirname(import.meta.dirname));
const print = (lines: string[]) => console.log(lines.join("\n"));
const told = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** What has been started so far, for the end. */
const up: { running?: Running; orders?: Orders; dayfly?: Dayfly } = {};

async function start(options: Options): Promise<void> {
  // A person reads this terminal: the log says only what needs attention, unless asked.
  process.env.LOG_LEVEL ||= "warn";
  process.env.ALLOW_LOOPBACK_TARGETS ||= "true";
  const settings = readSettings(process.env);
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  chmodSync(settings.dataDir, 0o700);

  const [server, orders] = await Promise.allSettled([
    startServer(settings),
    options.demo ? startOrders(settings.dataDir, { reset: options.resetDemo }) : undefined,
  ]);
  if (orders.status === "fulfilled" && orders.value) up.orders = orders.value;
  if (server.status === "rejected") throw server.reason;
  up.running = server.value;
  const { running } = up;

  let problem = orders.status === "rejected" ? told(orders.reason) : null;
  if (up.orders) {
    try {
      up.dayfly = await openDemo(running, up.orders, join(root, "bin"));
    } catch (error) {
      problem = told(error);
    }
  }
  tell(running);
  if (problem) print([`The demo could not be set up: ${problem}`, "The server stays up."]);
  if (up.dayfly && up.orders) {
    const job = await doMainJob(up.dayfly, up.orders);
    print(mainJobLines(job, await findingsOn(running.store, job.leaseId)));
  }
  print(tryLines(up.dayfly !== undefined, settings.dataDir));
}

function tell(running: Running): void {
  const started = {
    version: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
    seconds: process.uptime(),
    postgres: running.embedded ? `PostgreSQL ${running.embedded}` : "PostgreSQL of your own",
    url: running.url,
    dataDir: running.settings.dataDir,
    keyFile: running.keyFile,
    admin: running.bootstrap?.admin ?? null,
    demo: up.dayfly !== undefined,
  };
  // To a terminal, and past a redirected standard output: the password is in no log.
  if (process.stderr.isTTY && !process.stdout.isTTY) console.error(startedLines(started, true).join("\n"));
  print(startedLines(started, process.stdout.isTTY && process.stderr.isTTY));
}

async function end(): Promise<void> {
  const { running, orders, dayfly } = up;
  try {
    if (dayfly) for (const left of await closeDemo(dayfly)) print([`not revoked yet, the next start goes on: ${left}`]);
  } finally {
    await running?.stop();
    await orders?.stop();
  }
}

let stopping = false;
function stop(code: number): void {
  if (stopping) return;
  stopping = true;
  end()
    .catch((error) => console.error(`The stop was not clean: ${told(error)}`))
    .then(() => process.exit(code));
}

async function run(options: Options): Promise<void> {
  const started = start(options);
  onEnding(
    () => {
      print(["", `Stopping${options.demo ? ": revoking the demo's leases" : ""}. Ctrl-C again stops at once.`]);
      // What is half started is finished first, so that all of it can be stopped.
      void Promise.allSettled([started]).then(() => stop(0));
    },
    () => process.exit(130),
  );
  await started;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) print([usage]);
  else await run(options);
} catch (error) {
  console.error(told(error));
  stop(1);
}
