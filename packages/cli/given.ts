/**
 * Values as they are given: `NAME=value`, `NAME=@file`, `NAME=-` for stdin, `NAME` alone for a hidden prompt.
 *
 * A value in an argument can be seen in the process list and stays in the shell's history, hence the other forms.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CliError, usage } from "./exit.ts";
import type { Invocation } from "./invocation.ts";

/** A name with its value, and whether the value stood in the arguments. */
export interface Given {
  name: string;
  value: string;
  typed: boolean;
}

/** Reads one `NAME=…`. A value that begins with `\@` is the text after the backslash. */
export async function readGiven(invocation: Invocation, argument: string): Promise<Given> {
  const at = argument.indexOf("=");
  const name = at < 0 ? argument : argument.slice(0, at);
  if (name === "") throw usage("A value has no name", "Write NAME=value, NAME=@file or NAME=-");
  if (at < 0) {
    const value = await askHidden(invocation, `Value of ${name}`, `${name}=@file or ${name}=-`);
    return { name, value, typed: false };
  }
  const value = argument.slice(at + 1);
  if (value === "-") return { name, value: withoutLastBreak(await readStdin(invocation)), typed: false };
  if (value.startsWith("@"))
    return { name, value: withoutLastBreak(readText(invocation, value.slice(1))), typed: false };
  return { name, value: value.startsWith("\\@") ? value.slice(1) : value, typed: true };
}

/** The text of a file; `-` is stdin. */
export async function readFileOrStdin(invocation: Invocation, file: string): Promise<string> {
  return file === "-" ? await readStdin(invocation) : readText(invocation, file);
}

/** All of stdin. It can be read once. */
export async function readStdin({ world }: Invocation): Promise<string> {
  if (stdinTaken.has(world))
    throw usage("Two values ask for stdin, which can be read once", "Use NAME=@file for one of them");
  stdinTaken.add(world);
  const parts: Buffer[] = [];
  for await (const part of world.stdin) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString("utf8");
}

const stdinTaken = new WeakSet<object>();

/** Asks without echo; where nobody can answer, names the way that needs no prompt. */
export async function askHidden(invocation: Invocation, question: string, instead: string): Promise<string> {
  const { world, flags } = invocation;
  const forbidden = flags.input === false || flags.nonInteractive;
  if (forbidden || !world.stdin.isTTY || !world.stderr.isTTY) {
    throw usage(`${question} is missing, and nobody can be asked`, `Give it as ${instead}`);
  }
  const { isCancel, password } = await import("@clack/prompts");
  const message = `${question} (or give ${instead})`;
  const answer = await password({ message, mask: "*", input: world.stdin, output: world.stderr, signal: world.signal });
  // The prompt reads Ctrl-C as a key, so no signal comes.
  if (isCancel(answer)) throw new CliError("interrupted", "Interrupted");
  return String(answer ?? "");
}

function readText({ world }: Invocation, file: string): string {
  try {
    return readFileSync(resolve(world.cwd, file), "utf8");
  } catch (error) {
    throw usage(`Could not read ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** A value without its last line break: files and pipes end in one that is not part of it. */
export function withoutLastBreak(text: string): string {
  return text.replace(/\r?\n$/, "");
}
