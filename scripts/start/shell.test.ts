import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { writeShell } from "./shell.ts";

const folder = mkdtempSync(join(tmpdir(), "shell-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "demo.env");
const hostile = `it's "$HOME" \`id\` \\`;

writeShell(file, {
  url: "http://localhost:8080",
  projectId: "p1",
  clientId: "c1",
  clientSecret: hostile,
  bin: "/a folder/bin",
  target: { host: "127.0.0.1", port: 5433, database: "orders" },
});

function inShell(script: string, env: Record<string, string> = {}): string[] {
  const text = execFileSync("/bin/sh", ["-euc", script], { env: { PATH: "/usr/bin:/bin", ...env }, encoding: "utf8" });
  return text.trimEnd().split("\n");
}

test("a shell that loads it has every name, and values stay what they are", () => {
  const names = [
    "INFISICAL_DOMAIN",
    "INFISICAL_HOST",
    "INFISICAL_PROJECT_ID",
    "INFISICAL_CLIENT_ID",
    "PGHOST",
    "PGPORT",
  ];
  const told = inShell(`. '${file}'; for name in ${names.join(" ")} PGDATABASE; do printenv $name; done`);
  assert.deepEqual(told, ["http://localhost:8080", "http://localhost:8080", "p1", "c1", "127.0.0.1", "5433", "orders"]);
  const secrets = inShell(`. '${file}'; printenv INFISICAL_CLIENT_SECRET INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET`);
  assert.deepEqual(secrets, [hostile, hostile]);
});

test("loading it twice puts the commands on the PATH once, before others of that name", () => {
  assert.deepEqual(inShell(`. '${file}'; . '${file}'; printenv PATH`), ["/a folder/bin:/usr/bin:/bin"]);
});

test("what would win over it is unset", () => {
  const env = { INFISICAL_API_URL: "http://elsewhere", INFISICAL_TOKEN: "old" };
  assert.deepEqual(inShell(`. '${file}'; echo "<\${INFISICAL_API_URL-}\${INFISICAL_TOKEN-}>"`, env), ["<>"]);
});

test("nobody else may read it", () => {
  assert.equal(statSync(file).mode & 0o777, 0o600);
});
