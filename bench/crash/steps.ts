/**
 * The engine's named steps, read from its source as text: nothing of it is imported, and a step that is added there is
 * killed at here without a word.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The steps that the engine has, and those that it really passes. */
export interface Steps {
  called: string[];
  /** Declared, but nothing in the engine calls them. */
  uncalled: string[];
}

/** Reads them. @throws when the source is not written as expected any more */
export function readSteps(root: string): Steps {
  const engine = join(root, "packages/engine");
  const union = /export type StepPoint =([^;]+);/.exec(readFileSync(join(engine, "api.ts"), "utf8"))?.[1] ?? "";
  const declared = [...union.matchAll(/"([^"]+)"/g)].map((match) => match[1]!);
  const source = globSync("*.ts", { cwd: engine })
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(engine, file), "utf8"))
    .join("\n");
  const passed = new Set([...source.matchAll(/\.step\("([^"]+)"\)/g)].map((match) => match[1]!));
  const called = declared.filter((point) => passed.has(point));
  if (called.length === 0) throw new Error("no named step was found in packages/engine: see bench/crash/steps.ts");
  return { called, uncalled: declared.filter((point) => !passed.has(point)) };
}
