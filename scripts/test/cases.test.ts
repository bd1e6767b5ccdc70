import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "cases-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs test files through `runCases` in a process of its own: Node's runner does not run inside a test. */
function counted(files: Record<string, string>): { passed: number; failures: string[] } {
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(folder, name);
    writeFileSync(path, `import { test, before, describe } from "node:test";\n${text}`);
    return path;
  });
  const script = join(folder, "run.ts");
  writeFileSync(
    script,
    `import { runCases } from ${JSON.stringify(join(import.meta.dirname, "cases.ts"))};
    const [root, ...files] = process.argv.slice(2);
    console.log(JSON.stringify(await runCases({ root, files, concurrency: 2, timeout: 20000, log() {} })));`,
  );
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, [script, folder, ...paths], { env, encoding: "utf8" });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout);
}

test("passed tests are counted, suites are not", () => {
  const suite = 'describe("s", () => { test("a", () => {}); test("b", () => {}); });';
  assert.deepEqual(counted({ "good.test.ts": suite }), { passed: 2, failures: [], perFile: {} });
});

test("a failed test is told once, with file, line and error", () => {
  const nested = 'test("outer", async (t) => { await t.test("inner", () => { throw new Error("broken"); }); });';
  const { passed, failures } = counted({ "bad.test.ts": nested });
  assert.equal(passed, 0);
  assert.equal(failures.length, 1);
  assert.match(failures[0]!, /^bad\.test\.ts:2: inner\nError: broken/);
});

test("a skipped test, a test to do, a failed hook and a file without tests are failures", () => {
  const { passed, failures } = counted({
    "skip.test.ts": 'test.skip("later", () => {});',
    "todo.test.ts": 'test("later", { todo: true }, () => {});',
    "hook.test.ts": 'describe("s", () => { before(() => { throw new Error("no server"); }); test("a", () => {}); });',
    "none.test.ts": "export {};",
  });
  assert.equal(passed, 0);
  for (const name of ["skip", "todo", "hook", "none"]) {
    assert.ok(
      failures.some((failure) => failure.startsWith(`${name}.test.ts`)),
      `${name}: ${failures}`,
    );
  }
});

test("a file that cannot be loaded, or ends the process, is a failure with its last words", () => {
  const { failures } = counted({
    "load.test.ts": 'import "./nowhere.ts";',
    "exit.test.ts": 'test("a", () => { console.error("going"); process.exit(7); });',
  });
  assert.equal(failures.length, 2);
  assert.match(failures.join("\n"), /nowhere\.ts/);
  assert.match(failures.join("\n"), /going/);
});
