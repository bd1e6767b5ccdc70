import assert from "node:assert/strict";
import { test } from "node:test";
import { source } from "../check/sources.ts";
import { kindsOf } from "./kinds.ts";

const importing = (file: string, ...names: string[]) =>
  source(file, names.map((name) => `import { x } from "${name}";`).join("\n"));

test("a test that starts a server, itself or through a testing folder, needs one; the others need nothing", () => {
  const kinds = kindsOf([
    importing("packages/engine/lease.test.ts", "./testing/engine.ts"),
    importing("packages/engine/testing/engine.ts", "../../../scripts/servers/postgres.ts"),
    importing("packages/store/embedded/crash.test.ts", "./index.ts"),
    importing("packages/engine/names.test.ts", "./names.ts"),
    // Its product code could start a server; the test does not.
    importing("packages/engine/names.ts", "@dayfly/store"),
    importing("e2e/main.test.ts", "./testing/server.ts"),
  ]);
  assert.deepEqual(kinds.alone, ["packages/engine/names.test.ts"]);
  assert.deepEqual(kinds.onServers, ["packages/engine/lease.test.ts", "packages/store/embedded/crash.test.ts"]);
});
