/**
 * `npm run bench -- crash`: what a server that is killed again and again leaves behind.
 *
 * Owns the program: flags, progress, the result's file, the exit code, and that Ctrl-C leaves nothing running.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { runControl } from "./control.ts";
import { type Flags, help, readFlags } from "./flags.ts";
import { judge, table } from "./report.ts";
import { run } from "./run.ts";
import { readSteps } from "./steps.ts";

const root = join(import.meta.dirname, "../..");
const interrupted = Promise.withResolvers<never>();
interrupted.promise.catch(() => {});

/** The rig of e2e ends the process at once; here what runs is ended first, however often the signal comes. */
function stopInOrder(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => interrupted.reject(new Error("interrupted")));
  }
  process.on("disconnect", () => interrupted.reject(new Error("interrupted")));
}

function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function save(flags: Flags, result: object): string {
  const day = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const kind = flags.control ? "crash-control" : "crash";
  const file = flags.out ?? join(root, `bench/results/${kind}-${day}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, memory: totalmem(), node: process.version };
  writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), machine, flags, ...result }, null, 2)}\n`);
  return file;
}

async function main(flags: Flags): Promise<number> {
  const steps = readSteps(root);
  const outcome = await run(flags, steps, tell, interrupted.promise);
  const verdict = judge(outcome, steps, flags);
  const file = save(flags, { steps, outcome, verdict });
  tell("");
  const minutes = (outcome.tookMs / 60_000).toFixed(1);
  process.stdout.write(`\ncrash: ${outcome.kills.length} kills in ${minutes} min\n\n`);
  process.stdout.write(`${table(outcome, steps, verdict)}  ${file}\n`);
  return verdict.broken.length + verdict.short.length > 0 ? 1 : 0;
}

async function control(flags: Flags): Promise<number> {
  const { orphans, text } = await runControl(root, flags, interrupted.promise);
  const file = save(flags, { orphans });
  const found = orphans > 0;
  process.stdout.write(
    `${text}\ncontrol: ${orphans} orphans where the intent is written after the create\n  ${file}\n`,
  );
  if (!found) process.stdout.write("  BROKEN   none was found: this harness would not see one\n");
  return found ? 0 : 1;
}

try {
  const flags = readFlags(process.argv.slice(2));
  if (flags === "help") {
    process.stdout.write(help);
    process.exit(0);
  }
  stopInOrder();
  process.exit(await (flags.control ? control(flags) : main(flags)));
} catch (error) {
  tell("");
  process.stderr.write(`crash: ${(error as Error).message}\n`);
  process.exit(1);
}
