/**
 * Command scripts: text files of commands and what they print. A file passes when running it writes it again.
 *
 *   # text       a fact, or any comment
 *   $ command    run with pipes; `NAME=value` may stand before it
 *   % command    run on a terminal
 *   < text       a line of its stdin
 *   > file text  a file in its folder, written before the next command
 *   & condition  turns a condition of the stand-in on, or off with `& not …`
 *   ! text       a line of stderr
 *   ? code       its exit code, when it is not 0
 *   text         a line of stdout
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable, Writable } from "node:stream";
import { run } from "../run.ts";
import { NOON } from "./answers.ts";
import type { StandIn } from "./stand-in.ts";

/** Runs a script in an empty folder and returns it as it really went. */
export async function replay(script: string, server: StandIn, folder: string): Promise<string> {
  const lines = script.replace(/\n$/, "").split("\n");
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const [mark, rest] = [line[0], line.slice(2)];
    if (line === "" || mark === "#") out.push(line);
    else if (mark === ">") writeFile(folder, rest, out);
    else if (mark === "&") setCondition(server, rest, out);
    else if (mark === "$" || mark === "%") {
      out.push(line);
      const stdin: string[] = [];
      while (lines[at + 1]?.startsWith("< ")) {
        stdin.push(lines[++at]!.slice(2));
        out.push(lines[at]!);
      }
      out.push(...(await perform(rest, mark === "%", stdin, server, folder)));
    }
    // What is left is the old output, which the run has just written anew.
  }
  return `${out.join("\n")}\n`;
}

function writeFile(folder: string, rest: string, out: string[]): void {
  const at = rest.indexOf(" ");
  const file = join(folder, rest.slice(0, at));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${rest.slice(at + 1)}\n`, { mode: 0o600 });
  out.push(`> ${rest}`);
}

function setCondition({ conditions }: StandIn, rest: string, out: string[]): void {
  if (rest.startsWith("not ")) conditions.delete(rest.slice(4));
  else conditions.add(rest);
  out.push(`& ${rest}`);
}

async function perform(
  command: string,
  terminal: boolean,
  stdin: string[],
  server: StandIn,
  folder: string,
): Promise<string[]> {
  const words = split(command);
  const env: Record<string, string> = {
    INFISICAL_DOMAIN: server.url,
    INFISICAL_TOKEN: "good-token",
    INFISICAL_PROJECT_SLUG: "my-project",
    NO_COLOR: "1",
  };
  while (/^[A-Z_]+=/.test(words[0] ?? "")) {
    const word = words.shift()!;
    env[word.slice(0, word.indexOf("="))] = word.slice(word.indexOf("=") + 1);
  }
  words.shift();
  const stdout = new Sink(terminal);
  const stderr = new Sink(terminal);
  const code = await run({
    args: words,
    env,
    cwd: folder,
    home: folder,
    dataDir: join(folder, "data"),
    stdin: Readable.from(stdin.map((line) => Buffer.from(`${line}\n`))),
    stdout,
    stderr,
    signal: new AbortController().signal,
    now: () => NOON,
  });
  const named = (text: string) =>
    text
      .replaceAll(server.url, "http://SERVER")
      .replaceAll(folder, "FOLDER")
      .replace(/\d+ ms$/gm, "N ms");
  const told = named(stderr.text).split("\n").slice(0, -1);
  const printed = named(stdout.text).replace(/\n$/, "").split("\n");
  return [
    ...told.map((line) => `! ${line}`.trimEnd()),
    ...(stdout.text === "" ? [] : printed),
    ...(code === 0 ? [] : [`? ${code}`]),
  ];
}

class Sink extends Writable {
  readonly isTTY: boolean;
  text = "";
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

function split(command: string): string[] {
  const words = command.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g);
  return [...words].map(([word]) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}
