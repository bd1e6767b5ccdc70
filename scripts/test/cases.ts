/**
 * Runs test files with Node's own runner and counts what happened.
 *
 * Owns two rules that the runner does not have: a skipped test is a failure, since what cannot be had must be named and
 * not passed over, and so is a file in which no test ran.
 */
import { relative } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";
import type { Result } from "./phase.ts";

/** How to run test files. */
export interface Manner {
  root: string;
  files: string[];
  /** Files at once. */
  concurrency: number;
  /** Milliseconds after which a file counts as hung and is stopped. */
  timeout: number;
  signal?: AbortSignal;
  log(text: string): void;
}

/** What happened, with the passed tests of each file. */
export interface Counted extends Result {
  perFile: Map<string, number>;
}

/** Runs the files, each in a process of its own. */
export async function runCases({ root, log, ...manner }: Manner): Promise<Counted> {
  const perFile = new Map(manner.files.map((file) => [file, 0]));
  const failures: string[] = [];
  const noise = new Map<string, string>();
  if (!manner.files.length) return { passed: 0, failures: ["there is no test file here"], perFile };

  const failed = new Set<string>();

  const fail = ({ file = "", line, name }: Told, text: string) => {
    failed.add(file);
    failures.push(`${relative(root, file)}${line ? `:${line}` : ""}: ${name === file ? "" : `${name}\n`}${text}`);
  };

  for await (const event of run({ ...manner, isolation: "process" })) {
    if (event.type === "test:stdout" || event.type === "test:stderr") {
      const { file = "", message } = event.data;
      log(message);
      noise.set(file, `${noise.get(file) ?? ""}${message}`.slice(-4000));
    } else if (event.type === "test:pass") {
      const { data } = event;
      const { file = "", name, details } = data;
      if (details.type === "suite" || isFile(data)) continue;
      log(`ok    ${relative(root, file)}: ${name} (${details.duration_ms.toFixed(0)} ms)\n`);
      if (data.skip !== undefined || data.todo !== undefined) fail(data, "skipped: a test is run, or it is not there");
      else perFile.set(file, (perFile.get(file) ?? 0) + 1);
    } else if (event.type === "test:fail") {
      const { data } = event;
      const error: Error & { failureType?: string } = data.details.error;
      // What holds a failed test fails too: its only news is that one below it failed.
      if (error.failureType === "subtestsFailed") continue;
      fail(data, isFile(data) ? `the file ended badly\n${noise.get(data.file ?? "") ?? ""}` : explain(error));
      log(`FAIL  ${relative(root, data.file ?? "")}: ${data.name}\n${explain(error)}\n`);
    }
  }
  for (const [file, passed] of perFile) {
    if (passed === 0 && !failed.has(file)) fail({ file, name: file }, "no test ran in this file");
  }
  return { passed: [...perFile.values()].reduce((a, b) => a + b, 0), failures, perFile };
}

interface Told {
  name: string;
  file?: string | undefined;
  line?: number | undefined;
}

const isFile = ({ name, file }: Told): boolean => name === file;

function explain(error: Error): string {
  const cause = error.cause ?? error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause);
}
