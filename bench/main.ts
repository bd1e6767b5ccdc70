/**
 * `npm run bench -- NAME …`: measurements and harnesses, each in a folder of its own with a `main.ts`.
 *
 * Owns how they are found and started. What each does, and what its flags are, it says itself with `--help`.
 */
import { globSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

const names = globSync("*/main.ts", { cwd: import.meta.dirname })
  .map((file) => dirname(file))
  .sort();
const [, , name, ...rest] = process.argv;

if (name !== undefined && names.includes(name)) {
  const file = `${import.meta.dirname}/${name}/main.ts`;
  process.argv = [process.argv[0]!, file, ...rest];
  await import(pathToFileURL(file).href);
} else {
  const asked = name === undefined || name === "--help" || name === "-h";
  const usage = `Usage: npm run bench -- NAME [flags]\n\nNames: ${names.join(", ")}\nEach tells its flags with --help.\n`;
  (asked ? process.stdout : process.stderr).write(asked ? usage : `There is no bench '${name}'.\n${usage}`);
  process.exitCode = asked ? 0 : 2;
}
