/**
 * What a bench has to say: figures, and promises kept or broken.
 *
 * Prints a table, writes the same as JSON under `bench/results/`, and makes the process end with 1 when a promise is broken.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";

const results = fileURLToPath(new URL("../results/", import.meta.url));

type Figure = number | string | null;

/** One figure, with what was promised of it where something was. */
interface Line {
  what: string;
  figure: Figure;
  wanted?: string;
  kept?: boolean;
}

/** The report of one scenario. */
export class Report {
  readonly #name: string;
  readonly #asked: object;
  readonly #began = new Date();
  readonly #lines: Line[] = [];
  readonly #files = new Map<string, string>();

  constructor(name: string, asked: object) {
    this.#name = name;
    this.#asked = asked;
    process.stdout.write(`\n${name} ${JSON.stringify(asked)}\n`);
    // Whatever else listens ends the process, and a run without a table would look like one that crashed.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.prependOnceListener(signal, () => process.stdout.write(`  ended by ${signal} from outside\n`));
    }
  }

  /** Says how it goes, on the way. */
  note(text: string): void {
    const seconds = ((Date.now() - this.#began.getTime()) / 1_000).toFixed(1);
    process.stdout.write(`  ${seconds.padStart(6)} s  ${text}\n`);
  }

  /** A figure that nothing depends on. */
  tell(what: string, figure: Figure): void {
    this.#lines.push({ what, figure: rounded(figure) });
  }

  /** A figure with its promise. */
  check(what: string, figure: Figure, wanted: string, kept: boolean): void {
    this.#lines.push({ what, figure: rounded(figure), wanted, kept });
  }

  /** A count that must be nought; `examples` are printed where it is not. */
  none(what: string, found: unknown[]): void {
    this.check(what, found.length, "0", found.length === 0);
    for (const one of found.slice(0, 5)) this.note(`${what}: ${typeof one === "string" ? one : JSON.stringify(one)}`);
  }

  /** Text that is kept beside the result when a promise is broken, such as a server's log. */
  keep(file: string, text: string): void {
    this.#files.set(file, text);
  }

  /** Prints the table and writes the result. @returns whether every promise was kept */
  finish(): boolean {
    const wide = Math.max(...this.#lines.map(({ what }) => what.length));
    for (const { what, figure, wanted, kept } of this.#lines) {
      const promise = wanted === undefined ? "" : `  ${kept ? "kept  " : "BROKEN"} (${wanted})`;
      process.stdout.write(`  ${what.padEnd(wide)}  ${String(figure ?? "-").padStart(10)}${promise}\n`);
    }
    const kept = this.#lines.every((line) => line.kept !== false);
    mkdirSync(results, { recursive: true });
    const stamp = this.#began.toISOString().replaceAll(":", "").slice(0, 17);
    const file = `${results}${this.#name.replace(" ", "-")}-${stamp}.json`;
    const machine = { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg()[0], node: process.version };
    const began = this.#began.toISOString();
    const result = { name: this.#name, asked: this.#asked, began, machine, kept, lines: this.#lines };
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
    if (!kept) {
      for (const [name, text] of this.#files) writeFileSync(`${file.slice(0, -5)}-${name}`, text);
      process.exitCode = 1;
    }
    process.stdout.write(`  ${kept ? "kept" : "BROKEN"}; ${file}\n`);
    return kept;
  }
}

function rounded(figure: Figure): Figure {
  return typeof figure === "number" ? Math.round(figure * 1_000) / 1_000 : figure;
}

/** The value below which this share of them lies; null of none. */
export function quantile(values: number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
}
