/** The source files of a checkout, and what each of them imports. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";

/** One thing that is wrong: where, and what to do. */
export interface Finding {
  file: string;
  line: number;
  message: string;
}

/** A source file; paths are relative to the checkout's root. */
export interface Source {
  file: string;
  text: string;
  imports: Import[];
}

/** One import as written, and the file it leads to when that is one of ours. */
export interface Import {
  specifier: string;
  line: number;
  leadsTo: string | null;
}

/** The places where source lives. */
const rooms = ["packages", "scripts", "e2e", "bench", "bin"];

/** Reads every source file under `root`. */
export function readSources(root: string): Source[] {
  const found = globSync(
    rooms.map((room) => `${room}/**/*.{ts,mjs,js,sql}`),
    { cwd: root, exclude: ["**/node_modules/**", "bench/results/**"] },
  );
  return found.sort().map((file) => source(file, readFileSync(join(root, file), "utf8")));
}

/** A source file from its text. */
export function source(file: string, text: string): Source {
  return { file, text, imports: file.endsWith(".sql") ? [] : importsOf(file, text) };
}

// The formatter keeps static imports at the start of a line, so text inside strings is not taken for one.
const statement = /^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*"([^"]+)"/gm;
const call = /\bimport\(\s*"([^"]+)"/g;

function importsOf(file: string, text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, " "));
  return [...code.matchAll(statement), ...code.matchAll(call)]
    .map((match) => {
      const specifier = match[1]!;
      const line = code.slice(0, match.index + match[0].length).split("\n").length;
      return { specifier, line, leadsTo: destination(file, specifier) };
    })
    .sort((a, b) => a.line - b.line);
}

function destination(file: string, specifier: string): string | null {
  if (specifier.startsWith(".")) return normalize(join(dirname(file), specifier));
  const ours = /^@dayfly\/([^/]+)(\/.*)?$/.exec(specifier);
  if (!ours) return null;
  return `packages/${ours[1]}/${ours[2] ? ours[2].slice(1) : "index.ts"}`;
}
