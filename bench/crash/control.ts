/**
 * The control: the same harness over a copy of the product in which the intent is written only after the create, as others
 * do it. If it finds no orphan there, its zero elsewhere means nothing.
 *
 * Owns the copy and its changes. The checkout is read and never written.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Flags } from "./flags.ts";

/** A change of a copy; `from` must stand in the file exactly once. */
export interface Change {
  file: string;
  from: string;
  to: string;
}

/** What makes a product of the usual order of ours. */
export const changes: Change[] = [
  {
    file: "packages/engine/issue.ts",
    from: "  const { row, began } = await intend(issuing);\n",
    to: `  const began = performance.now();
  const row = {
    id: randomBytes(16).toString("hex").replace(/^(.{8})(.{4}).(.{3}).(.{3})/, "$1-$2-4$3-8$4-"),
    username: \`control-\${randomBytes(9).toString("hex")}\`,
    created_at: new Date(),
    expires_at: new Date(Date.now() + issuing.ttlSeconds * 1000),
  } as any;\n`,
  },
  {
    file: "packages/engine/issue.ts",
    from: "    issued = await creating;\n",
    to: "    issued = await creating;\n    Object.assign(row, (await intend(issuing, row)).row);\n",
  },
  {
    file: "packages/engine/intent.ts",
    from: "export async function intend(issuing: Issuing): Promise<Intended> {\n",
    to: "export async function intend(issuing: Issuing, made: any): Promise<Intended> {\n",
  },
  { file: "packages/engine/intent.ts", from: "    id: randomUUID(),\n", to: "    id: made.id,\n" },
  {
    file: "packages/engine/intent.ts",
    from: "  const username = buildName({\n",
    to: "  const { username } = made;\n  buildName({\n",
  },
];

/** Runs the harness over such a copy. @returns what it counted, and what it printed */
export async function runControl(
  root: string,
  flags: Flags,
  interrupted: Promise<never>,
): Promise<{ orphans: number; text: string }> {
  const copy = mkdtempSync(join(tmpdir(), "dayfly-control-"));
  try {
    copyCheckout(root, copy);
    for (const change of changes) apply(copy, change);
    const out = join(copy, "result.json");
    const text = await runThere(copy, flags, out, interrupted);
    const { outcome } = JSON.parse(readFileSync(out, "utf8"));
    if (outcome.broke) throw new Error(`the control broke off: ${outcome.broke}`);
    return { orphans: outcome.count.orphans.length, text };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Copies what runs of a checkout. */
export function copyCheckout(root: string, copy: string): void {
  for (const room of ["packages", "e2e/testing", "scripts", "bench/crash", "bench/main.ts", "package.json"]) {
    cpSync(join(root, room), join(copy, room), { recursive: true });
  }
  // Links to what is installed, but to the copy's own packages: a link to the whole folder would lead back to ours.
  mkdirSync(join(copy, "node_modules/@dayfly"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "@dayfly") symlinkSync(join(root, "node_modules", name), join(copy, "node_modules", name));
  }
  for (const name of readdirSync(join(copy, "packages"))) {
    symlinkSync(join(copy, "packages", name), join(copy, "node_modules/@dayfly", name));
  }
}

/** Whether a change fits a file's text. */
export const fits = (text: string, from: string): boolean => text.split(from).length === 2;

/** Changes one file of a copy. @throws when it does not read as expected */
export function apply(copy: string, { file, from, to }: Change): void {
  const text = readFileSync(join(copy, file), "utf8");
  if (!fits(text, from)) {
    throw new Error(`a change of the copy does not fit ${file} any more: bring it up to date with that file\n${from}`);
  }
  // By function: a replacement's `$1` would be expanded.
  writeFileSync(
    join(copy, file),
    text.replace(from, () => to),
  );
}

async function runThere(copy: string, flags: Flags, out: string, interrupted: Promise<never>): Promise<string> {
  const { kills, eachStep, batch, workers } = flags;
  const args = Object.entries({ kills, "each-step": eachStep, batch, workers, out }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const child = spawn(process.execPath, [join(copy, "bench/main.ts"), "crash", ...args], {
    cwd: copy,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  const ended = once(child, "exit");
  try {
    // Its code says that promises are broken, which is what it is there for.
    await Promise.race([ended, interrupted]);
  } catch (error) {
    child.kill("SIGTERM");
    await ended;
    throw error;
  }
  return text;
}
