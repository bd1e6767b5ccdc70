/** A phase of a run: what it did, how it is told, and how all of them add up. */
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";

/** What a phase found. `failures` are texts for people, one a fault. */
export interface Result {
  passed: number;
  failures: string[];
  /** A word more about what was covered, for the phase's line. */
  covered?: string;
}

/** Something to run: its name, what it covers, and the work; `log` takes everything that is too long for a terminal. */
export interface Phase {
  name: string;
  covers: string;
  run(log: (text: string) => void): Promise<Result>;
}

/** Where a run writes: a line for people, and a folder for full logs. */
export interface Report {
  print(line: string): void;
  logs: string;
}

/** Runs the phases one after another; a failing one prints its failures and the rest still run. Answers true when all is well. */
export async function runPhases(phases: Phase[], report: Report): Promise<boolean> {
  // It lies beside the data of a server, which is nobody else's to read.
  mkdirSync(report.logs, { recursive: true, mode: 0o700 });
  const total = { passed: 0, failed: 0 };
  for (const phase of phases) {
    const start = performance.now();
    const file = join(report.logs, `${phase.name}.log`);
    const log = createWriteStream(file);
    const result = await phase.run((text) => log.write(text)).catch(broken);
    for (const failure of result.failures) log.write(`\n${failure}\n`);
    await new Promise<void>((resolve) => log.end(resolve));
    report.print(line(phase, result, performance.now() - start));
    if (result.failures.length) report.print(shortened(result.failures, file));
    total.passed += result.passed;
    total.failed += result.failures.length;
  }
  report.print(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0;
}

/** A phase that threw has one failure: its error. */
function broken(error: unknown): Result {
  return { passed: 0, failures: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
}

function line(phase: Phase, { passed, failures, covered }: Result, ms: number): string {
  const verdict = failures.length ? "FAILED" : "ok";
  const time = `${(ms / 1000).toFixed(1)} s`;
  return `${phase.name.padEnd(8)}  ${(covered ?? phase.covers).padEnd(60)} ${verdict.padStart(6)} ${time.padStart(8)} ${`${passed}`.padStart(6)} passed`;
}

const most = 40;
const linesEach = 25;

function shortened(failures: string[], file: string): string {
  const shown = failures.slice(0, most).map((failure) => {
    const lines = failure.trimEnd().split("\n");
    const rest = lines.length > linesEach ? [`… ${lines.length - linesEach} more lines`] : [];
    return [...lines.slice(0, linesEach), ...rest].map((text) => `    ${text}`).join("\n");
  });
  if (failures.length > most) shown.push(`    … ${failures.length - most} more`);
  return [...shown, `    all of it: ${file}`].join("\n");
}
