import assert from "node:assert/strict";
import { test } from "node:test";
import { checkArrows } from "./arrows.ts";
import { checkCircles } from "./circles.ts";
import { checkLength } from "./length.ts";
import { checkManifests } from "./manifests.ts";
import { source } from "./sources.ts";

const importing = (file: string, ...specifiers: string[]) =>
  source(file, specifiers.map((name) => `import { x } from "${name}";`).join("\n"));

const refused = (file: string, specifier: string): string | undefined =>
  checkArrows([importing(file, specifier)])[0]?.message;

test("every way to write an import is read, with its line", () => {
  const text = [
    'import "./a.ts";',
    "import {",
    "  b,",
    '} from "./b.ts";',
    'import type { C } from "@dayfly/store";',
    'export * as d from "./d.ts";',
    '// import { no } from "./no.ts";',
    'const e = await import("./e.ts");',
    'export const text = "from";',
  ].join("\n");
  const { imports } = source("packages/engine/x.ts", text);
  assert.deepEqual(
    imports.map(({ leadsTo, line }) => [leadsTo, line]),
    [
      ["packages/engine/a.ts", 1],
      ["packages/engine/b.ts", 4],
      ["packages/store/index.ts", 5],
      ["packages/engine/d.ts", 6],
      ["packages/engine/e.ts", 8],
    ],
  );
});

test("the eight arrows are open", () => {
  const open = [
    ["server", "engine"],
    ["server", "store"],
    ["server", "contract"],
    ["engine", "store"],
    ["engine", "targets"],
    ["dashboard", "contract"],
    ["sdk", "contract"],
    ["cli", "sdk"],
  ];
  for (const [from, to] of open) assert.equal(refused(`packages/${from}/x.ts`, `@dayfly/${to}`), undefined);
});

test("any other import between packages is found", () => {
  assert.match(refused("packages/store/x.ts", "@dayfly/engine")!, /store -> engine is no arrow/);
  assert.match(refused("packages/cli/x.ts", "@dayfly/contract")!, /cli -> contract is no arrow/);
  assert.match(refused("packages/server/x.ts", "@dayfly/targets")!, /server -> targets is no arrow/);
  assert.match(refused("packages/engine/x.test.ts", "@dayfly/server")!, /engine -> server is no arrow/);
  assert.match(refused("packages/new/x.ts", "@dayfly/store")!, /draw its arrows/);
});

test("a package leaves itself by name and enters itself by file", () => {
  assert.match(refused("packages/engine/x.ts", "../store/leases.ts")!, /by the other package's name/);
  assert.match(refused("packages/engine/x.ts", "@dayfly/engine")!, /import the file itself/);
});

test("scripts are for tests only, and of those only the servers", () => {
  assert.match(refused("packages/store/x.ts", "../../scripts/servers/postgres.ts")!, /only its tests/);
  assert.match(refused("packages/store/x.test.ts", "../../scripts/start/main.ts")!, /only its tests/);
  assert.equal(refused("packages/store/x.test.ts", "../../scripts/servers/postgres.ts"), undefined);
  assert.equal(refused("packages/store/testing/x.ts", "../../../scripts/servers/postgres.ts"), undefined);
});

test("what a room leaves to others is found, except in its tests", () => {
  assert.match(refused("packages/engine/x.ts", "pg")!, /SQL stands in the store/);
  assert.match(refused("packages/contract/x.ts", "node:fs")!, /browser/);
  assert.equal(refused("packages/contract/x.test.ts", "node:fs"), undefined);
});

test("e2e goes through public doors", () => {
  assert.match(refused("e2e/x.test.ts", "../packages/store/leases.ts")!, /tests from outside/);
  assert.equal(refused("e2e/x.test.ts", "@dayfly/sdk"), undefined);
});

test("a circle is found once, whatever its length, with its files", () => {
  const files = [
    importing("packages/store/a.ts", "./b.ts"),
    importing("packages/store/b.ts", "./c.ts"),
    importing("packages/store/c.ts", "./a.ts"),
    importing("packages/store/d.ts", "./a.ts"),
  ];
  const [first, ...more] = checkCircles(files);
  assert.match(first!.message, /a\.ts -> packages\/store\/b\.ts -> packages\/store\/c\.ts -> packages\/store\/a\.ts/);
  assert.deepEqual([first!.file, first!.line, more.length], ["packages/store/c.ts", 1, 0]);
});

test("two ways to the same file are no circle", () => {
  const files = [
    importing("packages/store/a.ts", "./b.ts", "./c.ts"),
    importing("packages/store/b.ts", "./c.ts"),
    importing("packages/store/c.ts"),
  ];
  assert.deepEqual(checkCircles(files), []);
});

test("400 lines pass and 401 do not", () => {
  const lines = (count: number) => source("packages/store/a.ts", "x\n".repeat(count));
  assert.deepEqual(checkLength([lines(400)]), []);
  assert.match(checkLength([lines(401)])[0]!.message, /401 lines/);
});

test("an import that package.json does not declare is found", () => {
  const declared = (folder: string) => (folder ? ["pg"] : ["fast-check"]);
  const found = (file: string, ...names: string[]) =>
    checkManifests([importing(file, ...names)], declared).map(({ message }) => message);
  assert.deepEqual(found("packages/store/a.ts", "pg", "node:fs", "./b.ts"), []);
  assert.match(found("packages/store/a.ts", "kysely")[0]!, /kysely is not in packages\/store\/package.json/);
  assert.equal(found("packages/store/a.ts", "fast-check").length, 1);
  assert.deepEqual(found("packages/store/a.test.ts", "fast-check"), []);
});
