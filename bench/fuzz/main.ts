/** `npm run bench -- fuzz [flags]`: bad input, many thousand times, by our own grammar and by schemathesis. */

import { run } from "../../e2e/testing/fuzz/run.ts";
import { openScene, type Scene } from "../../e2e/testing/fuzz/scene.ts";
import { askBySchemathesis } from "../../e2e/testing/fuzz/schemathesis.ts";
import { explain, readFlags } from "../rig/flags.ts";
import { Report } from "../rig/report.ts";

const flags = {
  requests: { usual: 10_000, says: "requests of our own grammar; 0 for none" },
  examples: { usual: 20, says: "random requests of schemathesis for each operation; 0 for none of it" },
  seed: { usual: 1, says: "the same seed gives the same requests" },
};

/** Our own grammar. */
async function grammar(scene: Scene, asked: { seed: number; requests: number }): Promise<void> {
  const report = new Report("fuzz grammar", asked);
  const found = await run(scene, asked);
  report.tell("requests", found.requests);
  report.tell("seconds", found.seconds);
  for (const [status, count] of Object.entries(found.statuses)) report.tell(`answered ${status}`, count);
  report.tell(`operations of ${found.operations} that succeeded at least once`, found.succeeded);
  report.check("slowest answer, ms", found.slowest.ms, "< 10,000", found.slowest.ms < 10_000);
  report.none("answers that the document does not declare, or 500, or not whole", found.faults);
  report.none("answers and prints with what their reader may not see", found.leaks);
  report.none("lines of the log that are not one object of JSON", found.unreadable);
  report.none("tables in which another project's rows changed", found.changed);
  const more = found.memory.after - found.memory.before;
  report.check("memory more than before, MiB", more, "< 200", more < 200);
  await scene.stranger.check();
  report.keep("server.log", scene.server.output());
  report.finish();
}

/** The same server, by schemathesis. */
async function schemathesis(scene: Scene, asked: { seed: number; examples: number }): Promise<void> {
  const report = new Report("fuzz schemathesis", asked);
  const printed = scene.server.output().length;
  const { requests, seconds, code, text } = await askBySchemathesis(scene, { ...asked, phases: "coverage,fuzzing" });
  process.stdout.write(text);
  report.tell("requests", requests);
  report.tell("seconds", seconds);
  const log = scene.server.output().slice(printed);
  for (const [status, count] of statusesIn(log)) report.tell(`answered ${status}`, count);
  report.check("exit code", code, "0", code === 0);
  await scene.stranger.check();
  report.keep("server.log", scene.server.output());
  report.finish();
}

/** How often each status was answered, by the server's own log. */
function statusesIn(log: string): [string, number][] {
  const counts = new Map<string, number>();
  for (const [, status] of log.matchAll(/"status":(\d{3}),/g)) counts.set(status!, (counts.get(status!) ?? 0) + 1);
  return [...counts].sort();
}

/** Runs what the command line asks for. @throws with a message for the user */
async function main(args: string[]): Promise<void> {
  const { values, help } = readFlags(args, flags);
  if (help) {
    process.stdout.write(`Usage: npm run bench -- fuzz [flags]\n\n${explain(flags)}`);
    return;
  }
  const { seed, requests, examples } = values;
  for (const part of [
    requests > 0 && ((scene: Scene) => grammar(scene, { seed, requests })),
    examples > 0 && ((scene: Scene) => schemathesis(scene, { seed, examples })),
  ]) {
    if (!part) continue;
    const scene = await openScene();
    try {
      await part(scene);
    } finally {
      await scene.stop();
    }
  }
  process.exit();
}

await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(2);
});
