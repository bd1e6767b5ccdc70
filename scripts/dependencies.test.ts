import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { installDependencies, missingDependency } from "./dependencies.mjs";

const root = mkdtempSync(join(tmpdir(), "dependencies-"));
after(() => rmSync(root, { recursive: true, force: true }));

const here = { platform: "linux", arch: "x64" };
const locked = {
  "": {},
  "node_modules/pg": { version: "8.0.0", integrity: "sha512-a" },
  "node_modules/only-mac": { version: "1.0.0", optional: true, os: ["darwin"] },
  "node_modules/only-arm": { version: "1.0.0", optional: true, cpu: "arm64" },
};

function lay(file: string, packages: object): void {
  mkdirSync(join(root, "node_modules/pg"), { recursive: true });
  writeFileSync(join(root, file), JSON.stringify({ packages }));
}

test("nothing installed is noticed", () => {
  lay("package-lock.json", locked);
  assert.match(missingDependency(root, here)!, /nothing is installed/);
});

test("what another platform needs is not missed", () => {
  lay("package-lock.json", locked);
  lay("node_modules/.package-lock.json", { "node_modules/pg": locked["node_modules/pg"] });
  assert.equal(missingDependency(root, here), null);
  assert.match(missingDependency(root, { platform: "darwin", arch: "x64" })!, /only-mac is missing/);
});

test("another version than the lockfile's is noticed, and so is a folder that is gone", () => {
  lay("package-lock.json", locked);
  lay("node_modules/.package-lock.json", { "node_modules/pg": { version: "7.0.0" } });
  assert.match(missingDependency(root, here)!, /not the lockfile's/);
  lay("node_modules/.package-lock.json", { "node_modules/pg": locked["node_modules/pg"] });
  rmSync(join(root, "node_modules/pg"), { recursive: true });
  assert.match(missingDependency(root, here)!, /pg is missing/);
});

test("a Ctrl-C while npm installs waits for npm, and does not go on to what was asked for", async (t) => {
  lay("package-lock.json", { ...locked, "node_modules/other": { version: "1.0.0" } });
  const npm = join(root, "npm.mjs");
  // Like npm: on a signal it first puts away what it began.
  writeFileSync(
    npm,
    `import { writeFileSync } from "node:fs";
    process.kill(process.ppid, "SIGINT");
    setTimeout(() => writeFileSync(${JSON.stringify(join(root, "put-away"))}, ""), 200);`,
  );
  const before = { ...process.env };
  t.after(() => Object.assign(process.env, before));
  t.mock.method(console, "error", () => {});
  Object.assign(process.env, { npm_execpath: npm, npm_node_execpath: process.execPath });
  assert.equal(await installDependencies(root), false);
  assert.ok(existsSync(join(root, "put-away")));
});
