/** What a start finds of an earlier one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const checkout = mkdtempSync(join(tmpdir(), "dayfly-test-memory-"));
after(() => rmSync(checkout, { recursive: true, force: true }));
const room = join(checkout, "packages/server");
const cache = join(checkout, "node_modules/.cache/dayfly");
mkdirSync(room, { recursive: true });
cpSync(join(import.meta.dirname, "memory.mjs"), join(room, "memory.mjs"));
writeFileSync(join(checkout, "package.json"), '{"type":"module"}');

/** Runs a program that is TypeScript after memory.mjs, as the server is. @returns what it prints */
function run(program: string): string {
  writeFileSync(join(room, "main.ts"), program);
  writeFileSync(join(room, "serve.mjs"), 'import "./memory.mjs";\nawait import("./main.ts");\n');
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(room, "serve.mjs")], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test("what Node has made of the source is kept beside the source, where only its owner may write", () => {
  run('const said: string = "one"; console.log(said);');
  assert.equal(statSync(cache).mode & 0o777, 0o700);
  const kept = globSync(`${cache}/**/*`).filter((file) => statSync(file).isFile());
  assert.ok(kept.some((file) => readFileSync(file, "latin1").includes("const said")));
});

test("a changed file is run as it is now", () => {
  assert.equal(run('const said: string = "one"; console.log(said);'), "one");
  assert.equal(run('const said: string = "two"; console.log(said);'), "two");
});

test("a checkout in which nothing can be kept is run all the same", () => {
  rmSync(cache, { recursive: true });
  writeFileSync(cache, "not a folder");
  assert.equal(run('const said: string = "three"; console.log(said);'), "three");
  assert.ok(existsSync(cache));
});
