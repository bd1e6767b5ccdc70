/**
 * One run of the command line: parse, act, and answer with an exit code.
 *
 * Owns the parser and how a failure is told. It ends no process: that is `main.ts`.
 */
import { Command, CommanderError, type Help } from "commander";
import { colours } from "./colours.ts";
import { type CommandSpec, commands } from "./commands.ts";
import { type FlagSpec, type GlobalFlags, globalFlags } from "./globals.ts";
import { createRedactor, type Redactor } from "./redact.ts";
import { version } from "./version.ts";
import type { World } from "./world.ts";

/** Runs one command and says how it ended. */
export async function run(world: World): Promise<number> {
  const { env } = world;
  const redactor = createRedactor([env.INFISICAL_TOKEN, env.INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET]);
  try {
    // Scripts switch off what others report home; here is nothing to switch off.
    const [first, ...rest] = world.args.filter((arg) => !/^--telemetry(=|$)/.test(arg));
    // The parser's own help command knows one level; this one goes as deep as the commands do.
    const root = program(world, redactor);
    const args = first === undefined ? [] : first === "help" ? await helpOn(root, rest) : [first, ...rest];
    await root.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return await fail(world, redactor, error);
  }
}

async function helpOn(root: Command, words: string[]): Promise<string[]> {
  let command = root;
  for (const word of words) {
    const next = command.commands.find((child) => child.name() === word || child.aliases().includes(word));
    if (!next) throw await unknownCommand(command, word);
    command = next;
  }
  return [...words, "--help"];
}

async function unknownCommand(parent: Command, word: string): Promise<Error> {
  const { usage } = await import("./exit.ts");
  const names = parent.commands.map((child) => child.name());
  // What stands after `=` may be a secret that was meant for another command.
  return usage(`unknown command '${word.replace(/=[\s\S]*/, "=…")}'`, `There are: ${names.join(", ")}`);
}

const help: Partial<Help> = {
  // Examples come first and the flags that every command has last: that is the order people look for them.
  formatHelp(command, helper) {
    const examples = examplesOf.get(command as Command) ?? [];
    const usual = Object.getPrototypeOf(helper).formatHelp.call(helper, command, helper) as string;
    const sections = usual.trimEnd().split("\n\n");
    const everywhere = sections.filter((section) => section.startsWith(GLOBAL));
    const here = sections.filter((section) => !section.startsWith(GLOBAL));
    const first = examples.length > 0 ? [`Examples:\n${examples.map((line) => `  ${line}`).join("\n")}`] : [];
    return `${[...first, ...here, ...everywhere].join("\n\n")}\n`;
  },
};

const GLOBAL = "Global flags:";

const examplesOf = new WeakMap<Command, string[]>();

function program(world: World, redactor: Redactor): Command {
  const root = new Command("dayfly")
    .description("Self-hosted dynamic secrets: credentials that live minutes or hours")
    .version(version, "-V, --version", "print the version")
    .exitOverride()
    .enablePositionalOptions()
    .configureHelp(help)
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      outputError: (text, write) => write(withoutValues(text)),
    });
  examplesOf.set(root, ["dayfly secrets get --path=/database/dynamic --env=prod", "dayfly help secrets set"]);
  for (const spec of commands) add(root, spec, world, redactor);
  root
    .command("version")
    .description("print the version")
    .action(() => void world.stdout.write(`${version}\n`));
  addFlags(root, globalFlags, GLOBAL);
  return root;
}

function add(parent: Command, spec: CommandSpec, world: World, redactor: Redactor): void {
  const command = parent
    .command(spec.name)
    .description(spec.summary)
    .aliases(spec.aliases ?? []);
  examplesOf.set(command, spec.examples ?? []);
  addFlags(command, spec.flags ?? [], "Flags:");
  addFlags(command, globalFlags, GLOBAL);
  for (const child of spec.commands ?? []) add(command, child, world, redactor);
  const { action } = spec;
  if (action) {
    // A word after a command that has commands of its own is a mistyped one of these.
    if (spec.commands) command.allowExcessArguments();
    command.action(async () => {
      if (spec.commands && command.args.length > 0) throw await unknownCommand(command, command.args[0]!);
      const { invoke } = await import("./invocation.ts");
      const act = await action();
      const args = command.processedArgs.flat().filter((arg) => arg !== undefined);
      await act(invoke<never>(world, flagsOf(command) as never, redactor), args);
    });
  }
}

function addFlags(command: Command, flags: FlagSpec[], group: string): void {
  command.addHelpOption(command.createOption("-h, --help", "this help").helpGroup(group));
  for (const { flags: written, help, hidden, many } of flags) {
    const option = command
      .createOption(written, help)
      .helpGroup(group)
      .hideHelp(hidden === true);
    if (many) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
}

/** The parser quotes what it does not know, and that may hold a value. */
function withoutValues(text: string): string {
  return text.replace(/([\w.-]+)=[\s\S]*'/, "$1=…'").replace(/(but got \d+): [\s\S]*/, "$1\n");
}

/** What was typed, at any level of the command; the level nearest to the action wins. */
function flagsOf(command: Command): GlobalFlags {
  const flags = command.parent ? flagsOf(command.parent) : {};
  for (const [name, value] of Object.entries(command.opts())) {
    if (command.getOptionValueSource(name) === "cli") Object.assign(flags, { [name]: value });
  }
  return flags;
}

async function fail(world: World, { hide }: Redactor, error: unknown): Promise<number> {
  const { exitCodeOf, exitCodes, explain } = await import("./exit.ts");
  const code = world.signal.aborted ? exitCodes.interrupted : exitCodeOf(error);
  if (code === exitCodes.interrupted) return code;
  const { red } = colours(world, { color: !world.args.includes("--no-color") }, world.stderr);
  const [first, ...rest] = explain(error).map(hide);
  world.stderr.write(`${[first!.replace(/^error:/, red("error:")), ...rest].join("\n")}\n`);
  return code;
}
