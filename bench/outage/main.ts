/** `npm run bench -- outage [SCENARIO …] [flags]`: what outages do to leases. */
import { explain, readFlags } from "../rig/flags.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

function usage(): string {
  const each = scenarios.map(({ name, does, flags }) => `${name}: ${does}\n${explain(flags)}`);
  return (
    "Usage: npm run bench -- outage [SCENARIO …] [flags]\n\nAll scenarios when none is named. " +
    "Exits with 1 when a promise is broken.\n\n" +
    `${each.join("\n")}`
  );
}

/** Runs what the command line asks for. @throws with a message for the user */
async function main(args: string[]): Promise<void> {
  const all: Scenario["flags"] = Object.assign({}, ...scenarios.map(({ flags }) => flags));
  const { words, help } = readFlags(args, all);
  const unknown = words.filter((word) => !scenarios.some(({ name }) => name === word));
  if (help || unknown.length > 0) {
    if (unknown.length > 0) throw new Error(`There is no scenario '${unknown[0]}'.\n${usage()}`);
    process.stdout.write(usage());
    return;
  }
  const wanted = scenarios.filter(({ name }) => words.length === 0 || words.includes(name));
  for (const { run } of wanted) await run(args, all);
  process.exit();
}

await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(2);
});
